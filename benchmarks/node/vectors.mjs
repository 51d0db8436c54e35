// Reads streams with eventsource-parser, one per request of `benchmarks/comparison/node_parsers.py`.
//
// A request is a line of JSON, and so is the answer:
//   {"chunks": [base64, ...]}      ->  {"events": [[event, data, id], ...], "last": id, "retry": text}
//   {"endless": bytes}             ->  {"refused": whether the parser refused a line that does not end}
//   {"unfinished": [base64, ...]}  ->  {"events": how many events came before the end of the stream}

import { createInterface } from "node:readline"
import { createParser } from "eventsource-parser"

function read(chunks) {
  const events = []
  let last = ""
  let retry = null
  const decoder = new TextDecoder()
  const parser = createParser({
    onId(id) {
      last = id
    },
    onRetry(time) {
      // As text: a number of thousands of digits becomes Infinity, which JSON does not have.
      retry = String(time)
    },
    onEvent(event) {
      events.push([event.event || "message", event.data, last])
    },
  })
  for (const chunk of chunks) parser.feed(decoder.decode(Buffer.from(chunk, "base64"), { stream: true }))
  return { events, last, retry, finish: () => parser.feed(decoder.decode()) }
}

function endless(size) {
  const parser = createParser({ onEvent() {} })
  const chunk = "x".repeat(65536)
  try {
    parser.feed("data: ")
    for (let fed = 0; fed < size; fed += chunk.length) parser.feed(chunk)
  } catch {
    return { refused: true }
  }
  return { refused: false }
}

for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line)
  let answer
  if (request.endless) answer = endless(request.endless)
  else if (request.unfinished) answer = { events: read(request.unfinished).events.length }
  else {
    const { events, last, retry, finish } = read(request.chunks)
    finish()
    answer = { events, last, retry }
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`)
}
