import t from 'tap';
import { Prng } from '../../../../src/base/prng.js';
import {
  AdmissionConfigError,
  readAdmissionConfig,
} from '../../../../src/control/apiserver/admission/admission-config.js';
import {
  type ImageReview,
  type ImageReviewSpec,
  ImageReviews,
} from '../../../../src/control/apiserver/admission/image-policy/image-reviews.js';
import { imagePolicyWebhook } from '../../../../src/control/apiserver/admission/image-policy/plugin.js';
import type { ImagePolicySettings } from '../../../../src/control/apiserver/admission/image-policy/settings.js';
import { WebhookStatusError } from '../../../../src/control/apiserver/authentication/webhook-kubeconfig.js';
import { ManualClock } from '../../../store/manual-clock.js';
import { AdmissionWorld, admit } from './world.js';

const settings: ImagePolicySettings = {
  kubeConfigFile: '/k',
  allowTtlMs: 5000,
  denyTtlMs: 1000,
  retryBackoffMs: 500,
  defaultAllow: false,
};

/** A backend that answers by the first image: an error is thrown, all else is a status. */
function backend(answers: Record<string, object>, over: Partial<ImagePolicySettings> = {}) {
  const asked: ImageReviewSpec[] = [];
  const clock = new ManualClock();
  const reviews = new ImageReviews({
    async ask(review): Promise<ImageReview> {
      asked.push(review.spec);
      const answer = answers[review.spec.containers[0]?.image ?? ''];
      if (answer instanceof Error) throw answer;
      return { ...review, status: answer ?? { allowed: true } };
    },
    settings: { ...settings, ...over },
    clock,
    prng: new Prng(1),
  });
  return { asked, clock, reviews, plugin: imagePolicyWebhook(reviews, { ...settings, ...over }) };
}

function pod(...images: string[]) {
  return {
    metadata: {
      name: 'p',
      annotations: {
        'team.image-policy.k8s.io/ticket': '7',
        'image-policy.k8s.io/no': '1',
        a: 'b',
      },
    },
    spec: {
      containers: images.map((image) => ({ name: 'c', image })),
      initContainers: [{ name: 'i', image: 'init:1' }],
      ephemeralContainers: [{ name: 'e', image: 'debug:1' }],
    },
  };
}

t.test('imagePolicyWebhook asks about the images that a request brings', async (t) => {
  const { plugin, asked } = backend({});
  const world = new AdmissionWorld();
  const send = (what: string) => admit(plugin, world.request(what, { object: pod('a:1') }));
  t.equal(await send('CREATE /pods n/p'), null);
  t.equal(await send('UPDATE /pods/ephemeralcontainers n/p'), null);
  t.same(asked, [
    {
      containers: [{ image: 'a:1' }, { image: 'init:1' }],
      annotations: { 'team.image-policy.k8s.io/ticket': '7' },
      namespace: 'n',
    },
    {
      containers: [{ image: 'debug:1' }],
      annotations: { 'team.image-policy.k8s.io/ticket': '7' },
      namespace: 'n',
    },
  ]);
  asked.length = 0;
  for (const what of ['UPDATE /pods/status n/p', 'CREATE apps/pods n/p', 'CREATE /services n/p'])
    t.equal(await send(what), null, what);
  t.same(asked, []);
});

t.test(
  'imagePolicyWebhook refuses in the words of the backend, and notes what it says',
  async (t) => {
    const { plugin } = backend({
      bad: { allowed: false, reason: 'unsigned', auditAnnotations: { rule: '4' } },
      odd: {},
    });
    const world = new AdmissionWorld();
    const create = (image: string) =>
      admit(plugin, world.request('CREATE /pods n/p', { object: pod(image) }));
    t.equal(
      await create('bad'),
      'pods "p" is forbidden: image policy webhook backend denied one or more images: unsigned',
    );
    t.same(world.annotations, { 'imagepolicywebhook.image-policy.k8s.io/rule': '4' });
    t.equal(
      await create('odd'),
      'pods "p" is forbidden: one or more images rejected by webhook backend',
    );
  },
);

t.test('imagePolicyWebhook: without an answer pods stay out, or come in and show it', async (t) => {
  const answers = { gone: new Error('connection refused') };
  const world = new AdmissionWorld();
  const create = (plugin: ReturnType<typeof backend>['plugin'], object: object) =>
    admit(plugin, world.request('CREATE /pods n/p', { object }));
  t.equal(
    await create(backend(answers).plugin, pod('gone')),
    'pods "p" is forbidden: connection refused',
  );
  const late = pod('gone');
  t.equal(await create(backend(answers, { defaultAllow: true }).plugin, late), null);
  t.match(late.metadata.annotations, { 'alpha.image-policy.k8s.io/failed-open': 'true', a: 'b' });
  t.same(world.annotations, { 'imagepolicywebhook.image-policy.k8s.io/failed-open': 'true' });
});

t.test('ImageReviews remembers each answer for its time', async (t) => {
  const spec = (image: string) => ({ containers: [{ image }], annotations: {}, namespace: 'n' });
  const { signal } = new AbortController();
  const { reviews, asked, clock } = backend({ bad: { allowed: false } });
  const countAfter = async (image: string, ms: number) => {
    clock.jump(ms);
    await reviews.review(spec(image), signal);
    return asked.length;
  };
  t.equal(await countAfter('good', 0), 1);
  t.equal(await countAfter('good', 4999), 1);
  t.equal(await countAfter('good', 1), 2);
  t.equal(await countAfter('bad', 0), 3);
  t.equal(await countAfter('bad', 999), 3);
  t.equal(await countAfter('bad', 1), 4);
  const off = backend({}, { allowTtlMs: 0 });
  await off.reviews.review(spec('good'), signal);
  await off.reviews.review(spec('good'), signal);
  t.equal(off.asked.length, 2, 'nothing is remembered with a TTL of -1');
  const full = backend({});
  for (let at = 0; at < 1025; at++) await full.reviews.review(spec(`i${at}`), signal);
  await full.reviews.review(spec('i1024'), signal);
  t.equal(full.asked.length, 1025);
  await full.reviews.review(spec('i0'), signal);
  t.equal(full.asked.length, 1026, 'the oldest made room');
});

t.test('ImageReviews asks again when that may help, ever later', async (t) => {
  const reset = new Error('lost', { cause: Object.assign(new Error(), { code: 'ECONNRESET' }) });
  const cases: readonly [what: string, error: Error, tries: number][] = [
    ['500', new WebhookStatusError(500, false), 5],
    ['429', new WebhookStatusError(429, false), 5],
    ['504', new WebhookStatusError(504, false), 5],
    ['503', new WebhookStatusError(503, false), 1],
    ['503 with Retry-After', new WebhookStatusError(503, true), 5],
    ['403', new WebhookStatusError(403, true), 1],
    ['a lost connection', reset, 5],
    ['another error', new Error('no'), 1],
  ];
  for (const [what, error, tries] of cases) {
    const { reviews, asked, clock } = backend({ x: error });
    const { signal } = new AbortController();
    const spec = { containers: [{ image: 'x' }], annotations: {}, namespace: 'n' };
    const startMs = clock.now();
    const done = t.rejects(reviews.review(spec, signal), error, what);
    while (clock.timerCount === 0 && asked.length < tries) await clock.settle();
    // 500, 750, 1125 and 1687.5 ms, each with up to a fifth more.
    await clock.advance(4062);
    if (tries === 5) t.equal(asked.length < 5, true, `${what}: not sooner`);
    await clock.advance(5000);
    await done;
    t.equal(asked.length, tries, what);
    t.ok(clock.now() - startMs >= 4062);
  }
});

t.test('ImagePolicyWebhook is configured in seconds and milliseconds', async (t) => {
  const read = (imagePolicy: object | string) =>
    readAdmissionConfig(
      JSON.stringify({
        kind: 'AdmissionConfiguration',
        plugins: [{ name: 'ImagePolicyWebhook', configuration: { imagePolicy } }],
      }),
      () => Promise.reject(new Error('no such file')),
    );
  const kubeConfigFile = '/etc/kubeconfig';
  t.same(await read({ kubeConfigFile }), {
    imagePolicy: {
      ...{ kubeConfigFile, allowTtlMs: 300_000, denyTtlMs: 30_000 },
      ...{ retryBackoffMs: 500, defaultAllow: false },
    },
  });
  const own = { allowTTL: 50, denyTTL: -1, retryBackoff: 20, defaultAllow: true };
  t.same(await read({ kubeConfigFile, ...own }), {
    imagePolicy: {
      ...{ kubeConfigFile, allowTtlMs: 50_000, denyTtlMs: 0 },
      ...{ retryBackoffMs: 20, defaultAllow: true },
    },
  });
  const wrong: readonly [object | string, RegExp][] = [
    ['x', /imagePolicy: an object is required/],
    [{}, /imagePolicy\.kubeConfigFile/],
    [{ kubeConfigFile, allowTTL: 1 }, /allowTTL: valid value is between 1s and 30m0s, got 1/],
    [{ kubeConfigFile, denyTTL: 1801 }, /denyTTL: valid value is between 1s and 30m0s, got 1801/],
    [
      { kubeConfigFile, retryBackoff: 300_001 },
      /retryBackoff: valid value is between 1ns and 5m0s/,
    ],
    [{ kubeConfigFile, retryBackoff: 'soon' }, /retryBackoff: a whole number/],
    [{ kubeConfigFile, defaultAllow: 'yes' }, /defaultAllow: true or false/],
  ];
  for (const [config, error] of wrong) {
    await t.rejects(read(config), error);
    await t.rejects(read(config), AdmissionConfigError);
  }
});
