import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import https from 'node:https';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import t from 'tap';
import { serveApi } from '../../store/api/rig.js';

const program = join(process.cwd(), 'bin/flotilla');

t.test('flotilla apiserver says when it serves, and drains and exits 0 on SIGTERM', async (t) => {
  const { endpoint } = await serveApi(t);
  const dir = await mkdtemp(join(tmpdir(), 'flotilla-process-'));
  const child = spawn(process.execPath, [
    program,
    'apiserver',
    `--etcd-servers=${endpoint}`,
    '--secure-port=0',
    '--bind-address=127.0.0.1',
    `--cert-dir=${dir}`,
    '--feature-gates=AllAlpha=false',
  ]);
  t.teardown(async () => {
    if (child.exitCode === null) child.kill('SIGKILL');
    await rm(dir, { recursive: true });
  });
  const lines: string[] = [];
  let url = '';
  for await (const line of createInterface({ input: child.stderr })) {
    lines.push(line);
    if (!line.includes('ready to serve API requests')) continue;
    url = JSON.parse(line).url;
    break;
  }
  t.match(lines.join('\n'), /"flags without effect here were given","flags":\["feature-gates"\]/);
  const status = await new Promise((resolve, reject) => {
    https
      .get(`${url}/readyz`, { rejectUnauthorized: false }, (response) => {
        response.resume();
        resolve(response.statusCode);
      })
      .on('error', reject);
  });
  t.equal(status, 200);
  child.kill('SIGTERM');
  const [code] = await once(child, 'exit');
  t.equal(code, 0);
});

t.test('flotilla apiserver ends without waiting for a store that is gone', async (t) => {
  const { endpoint } = await serveApi(t);
  const way = await wayTo(new URL(endpoint).port);
  t.teardown(() => way.cut());
  const dir = await mkdtemp(join(tmpdir(), 'flotilla-process-'));
  const child = spawn(process.execPath, [
    ...[program, 'apiserver', `--etcd-servers=http://127.0.0.1:${way.port}`],
    ...['--secure-port=0', '--bind-address=127.0.0.1', `--cert-dir=${dir}`],
  ]);
  t.teardown(async () => {
    if (child.exitCode === null) child.kill('SIGKILL');
    await rm(dir, { recursive: true });
  });
  const exited = once(child, 'exit');
  let said = '';
  for await (const line of createInterface({ input: child.stderr })) {
    said += `${line}\n`;
    if (!line.includes('ready to serve API requests')) continue;
    way.cut();
    child.kill('SIGTERM');
  }
  const [code] = await exited;
  t.equal(code, 0, said);
  t.match(
    said,
    /this replica may still be among the endpoints","error":"the store does not answer"/,
  );
});

/** A port that leads to another, until it is cut. */
async function wayTo(port: string): Promise<{ readonly port: number; cut(): void }> {
  const sockets = new Set<net.Socket>();
  const server = net.createServer((near) => {
    const far = net.connect(Number(port), '127.0.0.1');
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => sockets.delete(socket));
    }
    near.pipe(far).pipe(near);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as net.AddressInfo).port,
    cut() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

for (const [argv, code, message] of [
  [[], 2, /--etcd-servers is required/],
  [
    ['--etcd-servers=http://127.0.0.1:1', '--authorization-mode=Nobody'],
    2,
    /"Nobody" is not a valid mode/,
  ],
  [['--etcd-servers=http://127.0.0.1:1', '--tls-cert-file=a'], 2, /go together/],
  [['--nonsense'], 2, /is no flag/],
] as const) {
  t.test(`flotilla apiserver ${argv.join(' ')} exits ${code}`, async (t) => {
    const child = spawn(process.execPath, [
      program,
      'apiserver',
      '--cert-dir',
      join(tmpdir(), 'flotilla-none'),
      ...argv,
    ]);
    let text = '';
    child.stderr.on('data', (chunk) => {
      text += chunk;
    });
    const [exitCode] = await once(child, 'close');
    t.equal(exitCode, code, text);
    t.match(text, message);
  });
}
