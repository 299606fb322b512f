import t from 'tap';
import { Prng } from '../../../src/base/prng.js';
import { PackList } from '../../../src/store/mvcc/pack-list.js';

interface ModelPack {
  readonly main: number;
  readonly sub: number;
  total: number;
  alive: number;
  isMarked: boolean;
}

t.test('PackList keeps what a plain list keeps, through deaths, rewrites and sweeps', async (t) => {
  for (let seed = 1; seed <= 20; seed++) {
    const prng = new Prng(seed);
    const list = new PackList();
    let model: ModelPack[] = [];
    let main = 2;
    let sub = 0;
    for (let step = 0; step < 1500; step++) {
      const dice = prng.int(0, 10);
      if (dice < 6) {
        const count = prng.int(1, 20);
        const alive = prng.chance(0.2) ? prng.int(0, count) + 1 : count;
        list.append({ main, sub, count }, alive);
        model.push({ main, sub, total: count, alive, isMarked: alive < count });
        if (prng.chance(0.3)) sub += prng.int(1, 9);
        else {
          main += prng.int(1, 9);
          sub = 0;
        }
      } else if (dice < 9 && model.length > 0) {
        const at = prng.int(0, model.length);
        const pack = model[at]!;
        if (prng.chance(0.7) && pack.alive > 0) {
          pack.alive--;
          list.onDead(at);
        } else if (prng.chance(0.5)) {
          pack.isMarked = true;
          list.onMarked(at);
        } else {
          pack.total = pack.alive;
          pack.isMarked = false;
          list.onRewritten(at);
        }
      } else if (prng.chance(0.1)) {
        list.sweep();
        model = model.filter(({ total }) => total > 0);
      }
      const problem = difference(list, model, { main: prng.int(0, main + 2), sub: prng.int(0, 9) });
      if (problem !== null) {
        t.fail(`seed ${seed}, step ${step}: ${problem}`);
        return;
      }
    }
  }
});

function difference(
  list: PackList,
  model: readonly ModelPack[],
  asked: { main: number; sub: number },
): string | null {
  if (list.length !== model.length) return `${list.length} packs of ${model.length}`;
  const expected = model.findLastIndex(
    ({ main, sub }) => main < asked.main || (main === asked.main && sub <= asked.sub),
  );
  const found = list.indexOf(asked.main, asked.sub);
  if (found !== expected) return `${asked.main}.${asked.sub} in pack ${found}, not ${expected}`;
  if (found < 0) return null;
  const { main, sub, total, alive, isMarked } = model[found]!;
  const ours = JSON.stringify([
    list.startAt(found),
    list.totalAt(found),
    list.aliveAt(found),
    list.isMarked(found),
  ]);
  const theirs = JSON.stringify([{ main, sub }, total, alive, isMarked]);
  return ours === theirs ? null : `got ${ours}, expected ${theirs}`;
}
