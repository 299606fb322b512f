import t from 'tap';
import { Prng } from '../../../../src/base/prng.js';
import type { Pod } from '../../../../src/control/api/gen/core-v1.js';
import type { Endpoint } from '../../../../src/control/api/gen/discovery-v1.js';
import { endpointOf } from '../../../../src/control/controllers/endpoint-slice/pod-endpoint.js';
import { nodeOf, plan, pod, SliceStore, service } from './samples.js';

const seeds = Number(process.env.SEEDS ?? 60);
const firstSeed = Number(process.env.SEED ?? 1);
const steps = 25;

/** All endpoints of a service, worked out without slices. */
function dumbEndpoints(pods: readonly Pod[]): Endpoint[] {
  const endpoints: Endpoint[] = [];
  for (const each of pods) {
    if (each.status?.phase !== 'Running' || each.status.podIP === undefined) continue;
    const zone = nodeOf(each.spec?.nodeName ?? '')?.metadata.labels?.[
      'topology.kubernetes.io/zone'
    ];
    const endpoint = endpointOf(each, service(), 'IPv4', zone);
    if (endpoint !== null) endpoints.push(endpoint);
  }
  return endpoints;
}

function names(endpoints: readonly Endpoint[]): string[] {
  return endpoints.map((endpoint) => JSON.stringify(endpoint)).sort();
}

for (let seed = firstSeed; seed < firstSeed + seeds; seed++) {
  t.test(
    `planSlices holds the same endpoints as a plan without slices: SEED=${seed} SEEDS=1`,
    (t) => {
      const prng = new Prng(seed);
      const endpointsMax = prng.pick([1, 3, 10, 100]);
      const store = new SliceStore();
      let pods: Pod[] = [];
      let next = 1;
      const fresh = () => {
        const at = next++;
        return pod(`p${at}`, {
          ips: prng.chance(0.95) ? [`10.0.${at >> 8}.${at & 255}`] : [],
          isReady: prng.chance(0.8),
          isGoing: prng.chance(0.1),
          phase: prng.chance(0.95) ? 'Running' : 'Failed',
          nodeName: prng.pick(['node-a', 'node-b']),
        });
      };
      for (let step = 0; step < steps; step++) {
        const added = Array.from({ length: prng.int(0, prng.chance(0.2) ? 60 : 4) }, fresh);
        const keeps = prng.chance(0.1) ? 0.3 : 0.95;
        const before = names(store.endpoints());
        pods = [...pods.filter(() => prng.chance(keeps)), ...added].map((each) =>
          prng.chance(0.05)
            ? pod(each.metadata.name!, {
                ips: each.status?.podIPs?.map(({ ip = '' }) => ip) ?? [],
                isReady: prng.chance(0.5),
                nodeName: each.spec!.nodeName!,
              })
            : each,
        );
        prng.shuffle(pods);
        store.writes = 0;
        store.apply(plan({ pods, existing: store.all(), endpointsMax }));
        const wanted = dumbEndpoints(pods);
        t.same(names(store.endpoints()), names(wanted), `step ${step}`);
        for (const { endpoints } of store.all()) {
          if ((endpoints?.length ?? 0) > endpointsMax) t.fail(`a slice is too large: step ${step}`);
        }
        const empty = store.all().filter(({ endpoints }) => (endpoints?.length ?? 0) === 0);
        t.equal(
          empty.length,
          wanted.length === 0 ? 1 : 0,
          'only a service without endpoints has an empty slice',
        );
        const changes =
          names(store.endpoints()).filter((name) => !before.includes(name)).length +
          before.filter((name) => !names(store.endpoints()).includes(name)).length;
        // Each write is for a change at least, but for the empty slice.
        t.ok(store.writes <= Math.max(1, changes), `${store.writes} writes for ${changes} changes`);
        const again = plan({ pods, existing: store.all(), endpointsMax });
        t.same([again.create, again.update, again.remove], [[], [], []], 'nothing is left to do');
      }
      t.end();
    },
  );
}
