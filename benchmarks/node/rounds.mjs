// Reads streams with eventsource-parser on V8, a round at a time, as `benchmarks/v8.py` asks for them.
//
// A request is a line of JSON, and so is the answer:
//   {"load": path, "streams": [[bytes of a chunk, ...], ...]}   ->   {"said": [[data, event, id], ...]}
//   {"warm": seconds}                                           ->   {"times": readings in a round}
//   {"round": readings}                                         ->   {"seconds": of one reading}

import { readFileSync } from "node:fs"
import { createInterface } from "node:readline"
import { createParser } from "eventsource-parser"

// A round lasts at least this long, so that a garbage collection is spread over what caused it.
const ROUND_SECONDS = 0.02

let streams = []

// Chunks of bytes come from the network; a decoder turns them into text, which the parser takes.
function read(chunks, onEvent, onId) {
  const decoder = new TextDecoder()
  const parser = createParser({ onEvent, onId })
  for (const chunk of chunks) parser.feed(decoder.decode(chunk, { stream: true }))
}

function load(path, lengths) {
  const bytes = readFileSync(path)
  let place = 0
  streams = lengths.map((chunks) =>
    chunks.map((length) => {
      // A buffer of its own, as from a socket.
      const chunk = new Uint8Array(bytes.subarray(place, place + length))
      place += length
      return chunk
    }),
  )
  const said = []
  for (const chunks of streams) {
    let lastId = ""
    const onId = (id) => {
      lastId = id
    }
    read(chunks, ({ data, event }) => said.push([data, event || "message", lastId]), onId)
  }
  return { said }
}

// What a Python peer does with its events: looks at each, and keeps none.
function readAll() {
  let last
  const onEvent = (event) => {
    last = event
  }
  for (const chunks of streams) read(chunks, onEvent, undefined)
  return last
}

// V8 compiles and collects on other threads: their CPU time should not count against it, nor should
// other work on the machine, which only wall time contains. So the smaller of the two counts.
function seconds(readings) {
  const wall = performance.now()
  const cpu = process.cpuUsage()
  for (let reading = 0; reading < readings; reading++) readAll()
  const { user, system } = process.cpuUsage(cpu)
  return Math.min((performance.now() - wall) / 1e3, (user + system) / 1e6)
}

// Until the code is compiled for speed, and a reading takes what it will take.
function warm(atLeast) {
  const start = performance.now()
  let last
  do last = seconds(1)
  while (performance.now() - start < atLeast * 1e3)
  return { times: Math.max(1, Math.ceil(ROUND_SECONDS / Math.max(last, 1e-6))) }
}

for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line)
  let answer
  if (request.load) answer = load(request.load, request.streams)
  else if (request.warm) answer = warm(request.warm)
  else answer = { seconds: seconds(request.round) / request.round }
  process.stdout.write(`${JSON.stringify(answer)}\n`)
}
