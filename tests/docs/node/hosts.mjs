// Connects to this machine instead of the hosts of `example.com`; the server's port is in EXAMPLE_PORT.

import net from "node:net";

const { connect } = net.Socket.prototype;

net.Socket.prototype.connect = function (...input) {
  // Node passes the arguments on as one array.
  const options = Array.isArray(input[0]) ? input[0][0] : input[0];
  if (options.host?.endsWith(".example.com")) {
    Object.assign(options, { host: "127.0.0.1", port: process.env.EXAMPLE_PORT, lookup: undefined });
  }
  return connect.apply(this, input);
};
