// Reads streams with eventsource-parser, as `benchmarks/comparison/on_node.py` asks for them.
//
// A request is a line of JSON, and so is the answer:
//   {"chunks": [base64, ...]}   ->   {"events": [[event, data, id], ...], "last": id, "retry": text of a number}
//   {"endless": bytes}          ->   {"refused": whether a line that goes on and on was refused}
//   {"waits": [base64, ...]}    ->   {"events": how many came with these chunks, without an end of the stream}

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
      // As text, for JSON has no Infinity, which is what a number of thousands of digits becomes.
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
  else if (request.waits) answer = { events: read(request.waits).events.length }
  else {
    const heard = read(request.chunks)
    heard.finish()
    answer = { events: heard.events, last: heard.last, retry: heard.retry }
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`)
}
