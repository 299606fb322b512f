import t from 'tap';
import { parseFlags } from '../../../src/cmd/program/flags.js';
import { schedulerFlags, withConfiguration } from '../../../src/cmd/scheduler/flags.js';
import { parseConfiguration } from '../../../src/control/scheduler/index.js';

const parse = (...argv: string[]) => parseFlags('flotilla scheduler', schedulerFlags, argv);

t.test('schedulerFlags are those of kube-scheduler, with its defaults', (t) => {
  const flags = parse();
  const expected: Readonly<Record<string, string>> = {
    'secure-port': '10259',
    'leader-elect': 'true',
    'leader-elect-resource-name': 'kube-scheduler',
    'leader-elect-lease-duration': '15s',
    'bindings-max': '100',
    'api-protocol': 'auto',
  };
  for (const [name, value] of Object.entries(expected)) t.equal(flags.text(name), value, name);
  parse('--authentication-kubeconfig=/x', '--authorization-kubeconfig=/x', '--v=2', '--master=x');
  t.throws(() => parse('--no-such-flag'), /"--no-such-flag" is no flag/);
  t.end();
});

t.test('withConfiguration lets the file speak where no flag was given', (t) => {
  const configuration = parseConfiguration(`
apiVersion: kubescheduler.config.k8s.io/v1
kind: KubeSchedulerConfiguration
leaderElection: { leaderElect: false, leaseDuration: 30s }
clientConnection: { kubeconfig: /file, qps: -1, burst: 7 }
`);
  const flags = withConfiguration(parse('--kubeconfig=/flag'), configuration);
  t.equal(flags.text('kubeconfig'), '/flag');
  t.equal(flags.text('leader-elect'), 'false');
  t.equal(flags.text('leader-elect-lease-duration'), '30s');
  t.equal(flags.text('leader-elect-renew-deadline'), '10s');
  t.equal(flags.number('kube-api-qps'), 0);
  t.equal(flags.number('kube-api-burst'), 7);
  t.same([...flags.given], ['kubeconfig']);
  t.end();
});
