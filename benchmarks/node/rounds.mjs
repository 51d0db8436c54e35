// Reads streams with eventsource-parser on V8, one round per request of `benchmarks/v8.py`.
//
// A request is a line of JSON, and so is the answer:
//   {"load": path, "streams": [[bytes of a chunk, ...], ...]}   ->   {"events": [[data, event, id], ...]}
//   {"warm": seconds}                                           ->   {"readings": how many make a round}
//   {"round": readings}                                         ->   {"seconds": of one reading}

import { readFileSync } from "node:fs"
import { createInterface } from "node:readline"
import { createParser } from "eventsource-parser"

// The least duration of a round, which spreads the cost of a garbage collection over many readings.
const ROUND_SECONDS = 0.02

let streams = []

// The parser takes text. A client decodes the bytes of the network first, so this decodes them too.
function read(chunks, onEvent, onId) {
  const decoder = new TextDecoder()
  const parser = createParser({ onEvent, onId })
  for (const chunk of chunks) parser.feed(decoder.decode(chunk, { stream: true }))
}

function load(path, lengths) {
  const bytes = readFileSync(path)
  let offset = 0
  streams = lengths.map((chunks) =>
    chunks.map((length) => {
      // Each chunk is a buffer of its own, as from a socket.
      const chunk = new Uint8Array(bytes.subarray(offset, offset + length))
      offset += length
      return chunk
    }),
  )
  const events = []
  for (const chunks of streams) {
    let lastId = ""
    const onId = (id) => {
      lastId = id
    }
    read(chunks, ({ data, event }) => events.push([data, event || "message", lastId]), onId)
  }
  return { events }
}

// As with the Python parsers, each event is received and dropped.
function readAll() {
  let last
  const onEvent = (event) => {
    last = event
  }
  for (const chunks of streams) read(chunks, onEvent, undefined)
  return last
}

// Returns the smaller of CPU time and wall time. CPU time includes V8's compiler and garbage collector
// threads; wall time includes other work on the machine. Neither should count.
function seconds(readings) {
  const wall = performance.now()
  const cpu = process.cpuUsage()
  for (let reading = 0; reading < readings; reading++) readAll()
  const { user, system } = process.cpuUsage(cpu)
  return Math.min((performance.now() - wall) / 1e3, (user + system) / 1e6)
}

// Reads until V8 has compiled the code, and returns how many readings make a round.
function warm(atLeast) {
  const start = performance.now()
  let last
  do last = seconds(1)
  while (performance.now() - start < atLeast * 1e3)
  return { readings: Math.max(1, Math.ceil(ROUND_SECONDS / Math.max(last, 1e-6))) }
}

for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line)
  let answer
  if (request.load) answer = load(request.load, request.streams)
  else if (request.warm) answer = warm(request.warm)
  else answer = { seconds: seconds(request.round) / request.round }
  process.stdout.write(`${JSON.stringify(answer)}\n`)
}
