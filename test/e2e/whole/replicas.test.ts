/** Several of everything: one of each is killed at once, again and again, and kubectl hardly notices. */
import t from 'tap';
import { until } from '../../client/until.js';
import { skipBecause } from '../project.js';
import { deadlineMs, kubectl, WholeCluster } from './whole-cluster.js';

const why = kubectl === null && 'no kubectl';
const scaleTo = [4, 9, 3];

t.test(
  'up --replicas 2: a member of the store and an API server may go at any time',
  skipBecause(why),
  async (t) => {
    const cluster = await WholeCluster.forTest(t, {
      args: ['--replicas', '2', '--nodes', '0', '--simulated-nodes', '2'],
    });
    const programs = ['front', 'apiserver', 'apiserver-2', 'scheduler-2', 'controller-manager-2'];
    t.same(
      programs.filter((name) => !cluster.programs().includes(name)),
      [],
    );

    let [asked, failed] = [0, 0];
    const watching = cluster.kubectlBeside('get', 'deployments', '--watch');
    const asking = new AbortController();
    const asks = (async () => {
      while (!asking.signal.aborted) {
        asked++;
        const { code } = await cluster.tries('get', 'deployments');
        if (code !== 0) failed++;
      }
    })();

    await cluster.kubectl('create', 'deployment', 'web', '--image=host', '--replicas=2');
    let kills = 0;
    for (const [round, replicas] of scaleTo.entries()) {
      const member = `m${(round % 3) + 1}`;
      const server = round % 2 === 0 ? 'apiserver' : 'apiserver-2';
      const leaders = round % 2 === 0 ? ['controller-manager'] : ['scheduler'];
      kills++;
      const killed = Promise.all(
        [member, server, ...leaders].map((name) => cluster.killProgram(name)),
      );
      // While they are gone. What is cut off in the middle is tried again by hand, as a person does.
      await until(
        'the Deployment is scaled',
        async () => {
          const { code } = await cluster.tries('scale', 'deployment/web', `--replicas=${replicas}`);
          return code === 0 || undefined;
        },
        deadlineMs,
      );
      await killed;
      await cluster.untilShown(
        new RegExp(`^${replicas}/${replicas}$`),
        ...['get', 'deployment/web', '-o', 'jsonpath={.status.readyReplicas}/{.spec.replicas}'],
      );
    }
    asking.abort();
    await asks;
    await watching.stop();
    t.comment(`${failed} of ${asked} requests failed in ${kills} rounds`);
    // A connection to the server that is killed breaks; the next one goes to the other.
    t.ok(failed <= 2 * kills, `${failed} of ${asked} failed`);
    t.ok(asked > 10);
    t.equal(await cluster.stop(), 0);
  },
);
