import { spawn, spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Test } from 'tap';
import {
  type RunCommand,
  runCommand,
  runToSuccess,
  withinNamespace,
} from '../../../src/host/command.js';
import { needs, skipBecause } from '../../e2e/project.js';

let serial = 0;

/** `{ skip }` with the reason when namespaces cannot be made or a program is missing. */
export function needsNetwork(...programs: string[]): { readonly skip: string | false } {
  if (process.getuid?.() !== 0) return skipBecause('needs root for network namespaces');
  const { skip } = needs('ip', ...programs);
  if (skip !== false) return { skip };
  const probe = `flt-probe-${process.pid}`;
  if (spawnSync('ip', ['netns', 'add', probe]).status !== 0)
    return skipBecause('the kernel makes no network namespaces');
  spawnSync('ip', ['netns', 'del', probe]);
  return { skip: false };
}

/** A network namespace of its own that goes with the test. */
export interface LabNode {
  readonly name: string;
  readonly run: RunCommand;
  /** Runs words of a command line; rejects when it fails. */
  ok(line: string): Promise<string>;
}

/** Makes a namespace whose loopback is up. */
export async function labNode(t: Test, role: string): Promise<LabNode> {
  const name = `flt-${process.pid}-${serial++}-${role}`;
  await runToSuccess(runCommand, { command: 'ip', args: ['netns', 'add', name] });
  t.teardown(() => runCommand({ command: 'ip', args: ['netns', 'del', name] }));
  const run = withinNamespace(runCommand, name);
  const ok = (line: string) => {
    const [command = '', ...args] = line.split(' ');
    return runToSuccess(run, { command, args });
  };
  await ok('ip link set lo up');
  return { name, run, ok };
}

/** Joins a pod to a node: `10.244.0.5/24` with the node as its gateway, on a bridge of the node's own. */
export async function attachPod(
  t: Test,
  node: LabNode,
  role: string,
  ips: readonly string[],
): Promise<LabNode> {
  const pod = await labNode(t, role);
  const near = `v${serial}n`;
  await node.ok(`ip link add ${near} type veth peer name eth0 netns ${pod.name}`);
  await node.ok(`ip link set ${near} master br0 up`);
  // A pod that reaches itself through its service comes back by the port that it left by.
  await node.ok(`bridge link set dev ${near} hairpin on`);
  await pod.ok('ip link set eth0 up');
  for (const ip of ips) {
    const isV6 = ip.includes(':');
    await pod.ok(`ip addr add ${ip} dev eth0${isV6 ? ' nodad' : ''}`);
    const gateway = isV6 ? ip.replace(/[0-9a-f]+\/\d+$/, '1') : ip.replace(/\d+\/\d+$/, '1');
    await pod.ok(`ip route add default via ${gateway}`);
  }
  return pod;
}

/** A node with a bridge for pods, as its gateway. */
export async function labHost(
  t: Test,
  role: string,
  gateways: readonly string[],
): Promise<LabNode> {
  const node = await labNode(t, role);
  await node.ok('ip link add br0 type bridge');
  await node.ok('ip link set br0 up');
  for (const gateway of gateways) {
    await node.ok(`ip addr add ${gateway} dev br0${gateway.includes(':') ? ' nodad' : ''}`);
  }
  await node.ok('sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1');
  return node;
}

/** Somebody outside the cluster, 192.0.2.9, whom the node (192.0.2.1) sends everything that it has no other way for. */
export async function attachOutside(t: Test, node: LabNode): Promise<LabNode> {
  const outside = await labNode(t, 'outside');
  await node.ok(`ip link add up0 type veth peer name eth0 netns ${outside.name}`);
  await node.ok('ip addr add 192.0.2.1/24 dev up0');
  await node.ok('ip addr add fd00:2::1/64 dev up0 nodad');
  await node.ok('ip link set up0 up');
  await outside.ok('ip addr add 192.0.2.9/24 dev eth0');
  await outside.ok('ip addr add fd00:2::9/64 dev eth0 nodad');
  await outside.ok('ip link set eth0 up');
  await node.ok('ip route add default via 192.0.2.9');
  await node.ok('ip -6 route add default via fd00:2::9');
  await outside.ok('ip route add default via 192.0.2.1');
  await outside.ok('ip -6 route add default via fd00:2::1');
  return outside;
}

/** Serves and asks within a namespace: one process each, for starting one for every question takes longer than the answer. */
const agentSource = `
const net = require('net'), dgram = require('dgram');
const answerOf = (says, address) => says + ' ' + address.replace('::ffff:', '');
function serve({ protocol, host, port, says }, done) {
  if (protocol === 'tcp') {
    net.createServer((socket) => socket.on('error', () => {}).end(answerOf(says, socket.remoteAddress)))
      .listen({ host, port }, () => done('ready'));
    return;
  }
  const socket = dgram.createSocket('udp4');
  socket.on('message', (_, from) => socket.send(answerOf(says, from.address), from.port, from.address));
  socket.bind(port, host, () => done('ready'));
}
function ask({ protocol, host, port, source, silentMs }, done) {
  let close = () => {};
  const timer = setTimeout(() => end('silent'), silentMs);
  const end = (text) => { clearTimeout(timer); close(); done(text); };
  if (protocol === 'tcp') {
    const socket = net.connect({ host, port });
    close = () => socket.destroy();
    let text = '';
    socket.on('data', (chunk) => (text += chunk)).on('end', () => end(text));
    socket.on('error', (error) => end(error.code));
    return;
  }
  const socket = dgram.createSocket(host.includes(':') ? 'udp6' : 'udp4');
  close = () => socket.close();
  socket.on('message', (bytes) => end(String(bytes)));
  socket.on('error', (error) => end(error.code));
  const send = () => socket.connect(port, host, (error) => error ? end(error.code) : socket.send('?'));
  if (source) socket.bind(source, send); else send();
}
require('readline').createInterface(process.stdin).on('line', (line) => {
  const { id, order, ...what } = JSON.parse(line);
  (order === 'serve' ? serve : ask)(what, (answer) => console.log(JSON.stringify({ id, answer })));
});`;

type Agent = (order: Record<string, unknown>) => Promise<string>;
const agents = new Map<string, Agent>();

function agentOf(t: Test, { name }: LabNode): Agent {
  const existing = agents.get(name);
  if (existing !== undefined) return existing;
  const child = spawn('ip', ['netns', 'exec', name, process.execPath, '-e', agentSource], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const exited = new Promise((resolve) => child.once('exit', resolve));
  t.teardown(() => {
    agents.delete(name);
    child.kill('SIGKILL');
    return exited;
  });
  const waiting = new Map<number, (answer: string) => void>();
  let last = 0;
  createInterface(child.stdout).on('line', (line) => {
    const { id, answer } = JSON.parse(line) as { id: number; answer: string };
    waiting.get(id)?.(answer);
    waiting.delete(id);
  });
  const agent: Agent = (order) =>
    new Promise((resolve) => {
      const id = ++last;
      waiting.set(id, resolve);
      child.stdin.write(`${JSON.stringify({ id, ...order })}\n`);
    });
  agents.set(name, agent);
  return agent;
}

/** What is asked, and how. */
export interface Question {
  readonly protocol?: 'tcp' | 'udp';
  readonly count?: number;
  /** The port to ask from, by UDP. */
  readonly source?: number;
  /** How long an answer is waited for; {@link silentMs} where none is expected. Default: as long as a slow machine may need. */
  readonly silentMs?: number;
}

/** After so long without an answer there is none: for who expects silence, and is not wrong if it was only slow. */
export const silentMs = 700;
const answerMsMax = 20_000;

/** A server that answers each connection or datagram with its name and who asked: `a 10.0.0.1`. The agent goes with the test `t`. */
export async function serve(
  t: Test,
  at: LabNode,
  options: {
    readonly says: string;
    readonly host?: string;
    readonly port: number;
    readonly protocol?: 'tcp' | 'udp';
  },
): Promise<void> {
  await agentOf(t, at)({ order: 'serve', protocol: 'tcp', host: '0.0.0.0', ...options });
}

/** Asks `count` times over new connections: what came back each time, `ECONNREFUSED`, or `silent`. The agent goes with the test `t`. */
export async function askFrom(
  t: Test,
  at: LabNode,
  host: string,
  port: number,
  { protocol = 'tcp', count = 1, source = 0, silentMs = answerMsMax }: Question = {},
): Promise<readonly string[]> {
  const answers: string[] = [];
  for (let times = 0; times < count; times++) {
    const order = { order: 'ask', protocol, host, port, source, silentMs };
    answers.push(await agentOf(t, at)(order));
  }
  return answers;
}
