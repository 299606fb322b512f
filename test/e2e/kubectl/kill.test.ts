/**
 * Writers go on while the API server and members of its store are killed (kill -9): what was answered with success is there afterwards,
 * and nothing is there twice or older than what was answered. CONTROL_KILL_ROUNDS sets the rounds.
 */
import { Agent, request } from 'node:https';
import t from 'tap';
import { Prng } from '../../../src/base/prng.js';
import { until } from '../../client/until.js';
import { adminToken, ControlPlane } from './control-plane.js';

const rounds = Number(process.env.CONTROL_KILL_ROUNDS ?? 4);
const writerCount = 8;
const answersPerRound = 60;
const maps = '/api/v1/namespaces/default/configmaps';
const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);

interface ConfigMap {
  readonly metadata: { readonly name: string; readonly resourceVersion: string };
  readonly data: { readonly count: string };
}

t.test('kill -9 of the API server and of store members loses nothing accepted', async (t) => {
  t.comment(`seed ${seed}`);
  const prng = new Prng(seed);
  const plane = await ControlPlane.forTest(t, { storeSize: 3 });
  const load = new Load(plane.url);
  t.teardown(() => load.stop());
  const writers = Array.from({ length: writerCount }, (_, i) => load.writer(i));
  for (let round = 0; round < rounds; round++) {
    await load.progress(answersPerRound);
    const member = plane.store.member(prng.int(0, 3));
    if (round % 2 === 0) {
      await plane.killServer();
      await plane.startServer();
    } else {
      await member.kill();
      await load.progress(answersPerRound);
      member.start();
      await member.ready();
    }
  }
  await load.progress(answersPerRound);
  load.stop();
  await Promise.all(writers);
  const { items } = (await load.ask('GET', maps)).json as { items: ConfigMap[] };
  const found = new Map(items.map((item) => [item.metadata.name, item]));
  for (const [name, accepted] of load.accepted) {
    const item = found.get(name);
    t.ok(item, `${name} is there`);
    if (item === undefined) continue;
    const count = Number(item.data.count);
    // A write whose answer was lost may have happened, and nothing came after it.
    t.ok(count === accepted || count === load.tried.get(name), `${name} has ${accepted}: ${count}`);
  }
  t.ok(load.accepted.size > rounds, `${load.accepted.size} objects, ${load.answers} answers`);
});

/** Writers that create objects and count up in them, each noting what it was told. */
class Load {
  /** By name, the last count that was answered with success. */
  readonly accepted = new Map<string, number>();
  /** By name, the last count that was sent. */
  readonly tried = new Map<string, number>();
  answers = 0;
  readonly #url: string;
  readonly #agent = new Agent({ keepAlive: true, rejectUnauthorized: false });
  #isStopped = false;

  constructor(url: string) {
    this.#url = url;
  }

  stop(): void {
    this.#isStopped = true;
  }

  /** Resolves when so many more writes were answered with success. */
  progress(count: number): Promise<boolean> {
    const from = this.answers;
    return until(`${count} more answers`, () => this.answers >= from + count, 60_000);
  }

  async writer(index: number): Promise<void> {
    for (let object = 0; !this.#isStopped; object++) {
      const name = `w${index}-${object}`;
      for (let count = 1; count <= 10 && !this.#isStopped; count++) await this.#write(name, count);
    }
  }

  async ask(method: string, path: string, body?: unknown) {
    const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
    return new Promise<{ status: number; json: unknown }>((resolve, reject) => {
      const sent = request(
        `${this.#url}${path}`,
        {
          ...{ method, agent: this.#agent, timeout: 20_000 },
          headers: { authorization: `Bearer ${adminToken}`, 'content-type': type },
        },
        (response) => {
          let text = '';
          response.setEncoding('utf8').on('data', (chunk: string) => {
            text += chunk;
          });
          response.once('error', reject);
          response.once('end', () => {
            try {
              resolve({ status: response.statusCode ?? 0, json: JSON.parse(text) });
            } catch (error) {
              reject(error);
            }
          });
        },
      );
      sent.once('timeout', () => sent.destroy(new Error('no answer in 20 s')));
      sent.once('error', reject);
      sent.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }

  /** One write, tried until it is answered with success, or it turns out that it had happened. */
  async #write(name: string, count: number): Promise<void> {
    this.tried.set(name, count);
    while (!this.#isStopped) {
      const status = await this.#attempt(name, count);
      const isMade = status === 200 || status === 201 || (status === 409 && count === 1);
      if (isMade) {
        this.accepted.set(name, count);
        this.answers += 1;
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** The answer's status; 0 when none came. */
  async #attempt(name: string, count: number): Promise<number> {
    const data = { count: `${count}` };
    try {
      const { status } =
        count === 1
          ? await this.ask('POST', maps, { metadata: { name }, data })
          : await this.ask('PATCH', `${maps}/${name}`, { data });
      return status;
    } catch {
      return 0;
    }
  }
}
