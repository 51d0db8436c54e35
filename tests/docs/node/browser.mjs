// What fetch-event-source takes from a browser and Node does not have.

globalThis.window = globalThis;
globalThis.document = { hidden: false, addEventListener() {}, removeEventListener() {} };
