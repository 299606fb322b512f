import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { rebuild } from '../../../src/control/dataplane/nft-change.js';
import { transactionText } from '../../../src/control/dataplane/nft-text.js';
import { planRules } from '../../../src/control/proxy/iptables/plan-rules.js';
import { noRules, restoreText } from '../../../src/control/proxy/iptables/tables.js';
import { ipSetText } from '../../../src/control/proxy/ipvs/ip-sets.js';
import { ipvsRules } from '../../../src/control/proxy/ipvs/ipvs-rules.js';
import { planIpvs } from '../../../src/control/proxy/ipvs/plan-ipvs.js';
import { serversText } from '../../../src/control/proxy/ipvs/virtual-servers.js';
import type { NodeFacts } from '../../../src/control/proxy/model/node-facts.js';
import type { ServicePortView } from '../../../src/control/proxy/model/service-port.js';
import { viewService } from '../../../src/control/proxy/model/view-service.js';
import { planTable } from '../../../src/control/proxy/nftables/plan-table.js';
import { planEntries } from '../../../src/control/proxy/userspace/plan-entries.js';
import { planRedirects } from '../../../src/control/proxy/userspace/redirects.js';
import { projectDir } from '../../e2e/project.js';
import { goldenCases } from './golden-services.js';
import { nodeFacts } from './objects.js';

type Write = (ports: readonly ServicePortView[], facts: NodeFacts) => string;

/** All that a mode writes for services. */
const modes: Readonly<Record<string, Write>> = {
  nftables: (ports, facts) => {
    const table = planTable(ports, facts);
    return transactionText(table, rebuild(table));
  },
  iptables: (ports, facts) => restoreText(noRules, planRules(ports, facts)),
  ipvs: (ports, facts) => {
    const plan = planIpvs(ports, { ...facts, scheduler: 'rr', nodeIps: ['192.0.2.1'] });
    const addresses = [...plan.addresses].map((ip) => `address add ${ip} dev kube-ipvs0\n`);
    return [
      ipSetText(null, plan.sets, facts.family),
      restoreText(noRules, ipvsRules(facts)),
      ...addresses,
      serversText(new Map(), plan.servers),
    ].join('');
  },
  userspace: (ports, { family, nodePortAddresses }) => {
    const facts = { family, nodePortAddresses, redirects: true };
    const entries = ports.flatMap((port) => planEntries(port, facts));
    const open = entries.map((entry, at) => ({ entry, port: entry.port || 40_000 + at }));
    const table = planRedirects(open, family);
    const lines = open.map(({ entry, port }) => {
      const to = entry.targets.map((target) => `${target.ip}:${target.port}`).join(' ');
      return `# ${entry.id}: ${entry.hosts.join(' ')} port ${port} to ${to || 'nobody'}\n`;
    });
    return [...lines, transactionText(table, rebuild(table))].join('');
  },
};

/** The lines that are not there without services; where they are in a text of iptables is kept. */
function added(text: string, usual: string): string {
  const known = new Set(usual.split('\n'));
  const isNew = (line: string) => !known.has(line) || /^(\*\w+|COMMIT)$/.test(line);
  return text.split('\n').filter(isNew).join('\n');
}

for (const [mode, write] of Object.entries(modes)) {
  t.test(
    `mode ${mode} writes the rules that are written down (UPDATE=1 writes them anew)`,
    async (t) => {
      const found = goldenCases.map(({ name, services, facts }) => {
        const ports = services.flatMap(([object, ...slices]) =>
          viewService(object, slices, { name: 'n1', zone: '' }),
        );
        const all = write(ports, facts);
        const shown = services.length === 0 ? all : added(all, write([], nodeFacts()));
        return `## ${name}\n\n${shown.trim()}\n`;
      });
      const text = found.join('\n\n');
      const folder = join(projectDir, 'test/control/proxy/golden');
      const file = join(folder, `${mode}.txt`);
      if (process.env.UPDATE === '1') {
        mkdirSync(folder, { recursive: true });
        writeFileSync(file, text);
      }
      t.equal(text, readFileSync(file, 'utf8'));
    },
  );
}
