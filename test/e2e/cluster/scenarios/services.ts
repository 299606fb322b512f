import type { Test } from 'tap';
import { resources } from '../../../../src/control/client/index.js';
import { deployment } from '../manifests.js';
import type { Place } from '../place.js';
import { areServing, nameOf } from '../pod-views.js';
import type { Scenario } from '../scenario.js';

/** Services: whom they lead to, and where they are reached. */
export const serviceScenarios: readonly Scenario[] = [
  {
    name: 'service',
    title: 'endpoints and slices follow the readiness of pods; a load balancer has an address',
    run: followsReadiness,
  },
];

async function followsReadiness(t: Test, place: Place): Promise<void> {
  await place.apply(deployment('web', 3));
  await place.kubectl('expose deployment web --port=80 --target-port=8080');
  const pods = await place.untilPods('three pods', areServing(3));
  const addresses = pods.map(({ status }) => status?.podIP ?? '').sort();
  await place.until('three endpoints', async () => same(await ready(place, 'web'), addresses));
  await place.untilPrinted(
    'get endpoints web -o jsonpath={.subsets[*].addresses[*].ip}',
    new RegExp(addresses.map((each) => each.replaceAll('.', '\\.')).join('|')),
  );
  await place.untilPrinted('describe service web', /Endpoints: +[\d.]+:8080,[\d.]+:8080/);

  const [unready] = pods;
  const without = addresses.filter((each) => each !== unready?.status?.podIP);
  const annotate = `annotate pod ${nameOf(unready ?? {})} --overwrite simulated.flotilla.dev/ready`;
  await place.kubectl(`${annotate}=false`);
  await place.until('two endpoints', async () => same(await ready(place, 'web'), without));
  const { subsets } = await place.until('an address that is not ready', async () => {
    const found = await place.get(resources.endpoints, 'web');
    return found.subsets?.some(({ notReadyAddresses }) => notReadyAddresses) ? found : null;
  });
  t.match(subsets?.[0]?.notReadyAddresses, [{ ip: unready?.status?.podIP }]);
  await place.kubectl(`${annotate}=true`);
  await place.until('all again', async () => same(await ready(place, 'web'), addresses));
  await place.kubectl('scale deployment web --replicas=0');
  await place.until('none', async () => (await ready(place, 'web')).length === 0);
  await place.untilPrinted('get endpoints web', /web +<none>/);

  await place.kubectl('create service loadbalancer front --tcp=80:80');
  const printed = await place.untilPrinted('get service front', /192\.0\.2\.\d+/);
  t.match(printed, /front +LoadBalancer +[\d.]+ +192\.0\.2\.\d+ +80:3\d{4}\/TCP/);
  await place.untilPrinted('describe service front', /EnsuredLoadBalancer/);
  await place.kubectl('delete service front');
}

/** The addresses of endpoints that are ready, in order. */
async function ready(place: Place, service: string): Promise<readonly string[]> {
  const label = `kubernetes.io/service-name=${service}`;
  const slices = await place.list(resources.endpointSlices, label);
  return slices
    .flatMap(({ endpoints }) => endpoints ?? [])
    .filter(({ conditions }) => conditions?.ready === true)
    .flatMap(({ addresses }) => addresses ?? [])
    .sort();
}

function same(found: readonly string[], wanted: readonly string[]): boolean {
  return found.join() === wanted.join();
}
