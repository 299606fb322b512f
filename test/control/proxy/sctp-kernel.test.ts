import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import t, { type Test } from 'tap';
import { IptablesBackend } from '../../../src/control/proxy/iptables/iptables-backend.js';
import { viewService } from '../../../src/control/proxy/model/view-service.js';
import { NftablesBackend } from '../../../src/control/proxy/nftables/nftables-backend.js';
import { runToSuccess } from '../../../src/host/command.js';
import { until } from '../../client/until.js';
import { attachPod, type LabNode, labHost, needsNetwork } from './network-lab.js';
import { nodeFacts, service, slice } from './objects.js';

/** Says `ready`, and then the source address and the destination port of each packet of SCTP that comes. */
const listenSource = `
import socket, struct
s = socket.socket(socket.AF_INET, socket.SOCK_RAW, 132)
print('ready', flush=True)
while True:
    packet, (host, _) = s.recvfrom(2048)
    ports = struct.unpack('!HH', packet[(packet[0] & 15) * 4:][:4])
    print(host, ports[1], flush=True)
`;

/** Sends the first packet of an association (RFC 9260 section 3.3.2) to an address and a port; the kernel drops one whose checksum is wrong. */
const sendSource = `
import socket, struct, sys
def crc32c(data):
    crc = 0xffffffff
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82f63b78 if crc & 1 else 0)
    return crc ^ 0xffffffff
host, port, source = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
init = struct.pack('!BBHIIHHI', 1, 0, 20, 0x12345678, 65536, 1, 1, 1)
head = struct.pack('!HHI', source, port, 0)
checksum = struct.pack('<I', crc32c(head + b'\\0\\0\\0\\0' + init))
socket.socket(socket.AF_INET, socket.SOCK_RAW, 132).sendto(head + checksum + init, (host, 0))
`;

/** What comes to a pod by SCTP; the listener goes with the test. */
async function listen(t: Test, { name }: LabNode): Promise<readonly string[]> {
  const words = ['netns', 'exec', name, 'python3', '-c', listenSource];
  const child = spawn('ip', words, { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = new Promise((resolve) => child.once('exit', resolve));
  t.teardown(() => {
    child.kill('SIGKILL');
    return exited;
  });
  const lines: string[] = [];
  createInterface(child.stdout).on('line', (line) => lines.push(line));
  await until('the listener', () => lines.shift() === 'ready', 60_000);
  return lines;
}

const sig = { name: 'sig', protocol: 'SCTP' };
const modes = {
  NftablesBackend: { program: 'nft', make: NftablesBackend },
  IptablesBackend: { program: 'iptables-restore', make: IptablesBackend },
} as const;

for (const [name, { program, make: Backend }] of Object.entries(modes)) {
  t.test(`${name} sends associations of SCTP on`, needsNetwork(program, 'python3'), async (t) => {
    const node = await labHost(t, 'node', ['10.244.0.1/24']);
    const pod = await attachPod(t, node, 'a', ['10.244.0.2/24']);
    const client = await attachPod(t, node, 'c', ['10.244.0.4/24']);
    const lines = await listen(t, pod);
    const spec = { clusterIP: '10.96.0.10', ports: [{ ...sig, port: 2905, nodePort: 30081 }] };
    const ports = viewService(
      service('sig', spec),
      [slice('sig', [{ addresses: ['10.244.0.2'], nodeName: 'n1' }], sig)],
      { name: 'n1', zone: '' },
    );
    await new Backend({ run: node.run, family: 4 }).sync({ facts: nodeFacts(), ports });
    for (const [at, [host, port, seen]] of [
      ['10.96.0.10', '2905', '10.244.0.4 8080'] as const,
      ['10.244.0.1', '30081', '10.244.0.1 8080'] as const,
    ].entries()) {
      const args = ['-c', sendSource, host, port, String(40_000 + at)];
      await runToSuccess(client.run, { command: 'python3', args });
      await until(`a packet to ${host}`, () => lines.length > at, 60_000);
      t.equal(lines[at], seen, `${host} port ${port}`);
    }
  });
}
