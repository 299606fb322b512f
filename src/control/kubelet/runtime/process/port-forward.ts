import { Duplex } from 'node:stream';
import { ownProgram, startTalking, type TalkingChild } from '../../../../host/child-process.js';
import { RuntimeError } from '../runtime-error.js';
import { toolEnvironment } from './namespaces.js';

/**
 * What runs inside of the pod's network: it connects, says so on its errors' stream, and passes bytes on. It writes by a stream of its own,
 * since process.stdout cannot be ended: who reads would never know that the server has said all.
 */
const connector = `
const { connect, Socket } = require('node:net');
const socket = connect({ host: process.argv[1], port: Number(process.argv[2]), allowHalfOpen: true });
const output = new Socket({ fd: 1, readable: false, writable: true });
socket.once('connect', () => { process.stderr.write('connected'); process.stdin.pipe(socket); socket.pipe(output); });
socket.once('error', (error) => { process.stderr.write(error.message, () => process.exit(1)); });
`;

/** Connects to a port on the loopback of a network namespace, by a small process that is in it. `enter` is nsenter with its arguments. */
export async function forwardInside(enter: readonly string[], port: number): Promise<Duplex> {
  const argv = [...enter, ownProgram(), '-e', connector, '127.0.0.1', String(port)];
  const child = await startTalking(argv, { env: toolEnvironment, cwd: '/' });
  const said = await Promise.race([
    new Promise<string>((resolve) => child.stderr.once('data', (text) => resolve(String(text)))),
    child.ended.then((code) => `the connector ended with ${code}`),
  ]);
  if (said !== 'connected') {
    child.kill('SIGKILL');
    throw new RuntimeError(
      'failed',
      `failed to connect to localhost:${port} inside namespace: ${said}`,
    );
  }
  return streamOf(child);
}

/** Both directions of a connector as one stream; it ends the process when it is destroyed. */
function streamOf(child: TalkingChild): Duplex {
  const stream = new Duplex({
    allowHalfOpen: true,
    read: () => void child.stdout.resume(),
    write(chunk, _encoding, done) {
      child.stdin.write(chunk, () => done());
    },
    final(done) {
      child.stdin.end(() => done());
    },
    destroy(error, done) {
      child.kill('SIGKILL');
      done(error);
    },
  });
  child.stdout.on('data', (chunk: Buffer) => {
    if (!stream.push(chunk)) child.stdout.pause();
  });
  child.stdout.once('end', () => stream.push(null));
  return stream;
}
