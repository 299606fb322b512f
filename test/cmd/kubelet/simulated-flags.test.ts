import { Command } from 'commander';
import t from 'tap';
import {
  addSimulatedFlags,
  fleetSettings,
  type SimulatedFlags,
} from '../../../src/cmd/kubelet/simulated-flags.js';

function parse(words: readonly string[]): SimulatedFlags {
  const quiet = { writeErr: () => {}, writeOut: () => {} };
  const command = addSimulatedFlags(new Command('kubelet')).exitOverride().configureOutput(quiet);
  return command.parse([...words], { from: 'user' }).opts<SimulatedFlags>();
}

t.test('fleetSettings: one node, when nothing is said', (t) => {
  const settings = fleetSettings(parse([]));
  t.same(settings.names, ['simulated']);
  t.match(settings.node, { capacity: { cpu: '32', pods: '110' }, ip: null, leaseSeconds: 40 });
  t.match(settings.pod, { startMs: 500, runMs: 5000, failureRate: 0 });
  t.equal(settings.hasEvents, true);
  t.end();
});

t.test('fleetSettings: what the flags say', (t) => {
  const settings = fleetSettings(
    parse([
      ...['--count=2', '--hostname-override=n%d.zone', '--simulated-first-index=7'],
      ...['--simulated-cpu=500m', '--simulated-resources=gpu.test/a=2,hugepages-2Mi=4Mi'],
      ...['--node-labels=disk=ssd,empty=', '--simulated-zones=a,b', '--node-ip=127.0.0.1'],
      ...['--register-with-taints=only=gpu:NoSchedule,slow:PreferNoSchedule'],
      ...['--simulated-run-seconds=3', '--simulated-failure-rate=0.25', '--no-simulated-events'],
    ]),
  );
  t.same(settings.names, ['n7.zone', 'n8.zone']);
  t.match(settings.node, {
    capacity: { cpu: '500m', memory: '256Gi', 'gpu.test/a': '2', 'hugepages-2Mi': '4Mi' },
    labels: { disk: 'ssd', empty: '' },
    zones: ['a', 'b'],
    ip: '127.0.0.1',
    taints: [
      { key: 'only', value: 'gpu', effect: 'NoSchedule' },
      { key: 'slow', effect: 'PreferNoSchedule' },
    ],
  });
  t.match(settings.pod, { runMs: 3000, failureRate: 0.25 });
  t.equal(settings.hasEvents, false);
  t.end();
});

const refused = [
  '--count=0',
  '--count=many',
  '--simulated-cpu=lots',
  '--simulated-resources=gpu.test/a=lots',
  '--simulated-failure-rate=2',
  '--simulated-start-ms=-1',
  '--node-labels=nothing',
  '--register-with-taints=key=value',
  '--register-with-taints=key:Never',
  '--simulated-control-port=70000',
  '--no-such-flag',
];

for (const word of refused) {
  t.test(`addSimulatedFlags: ${word} is refused`, (t) => {
    t.throws(() => parse([word]));
    t.end();
  });
}
