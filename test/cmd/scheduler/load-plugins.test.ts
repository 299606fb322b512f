import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import t from 'tap';
import { loadPlugins } from '../../../src/cmd/scheduler/load-plugins.js';

const dir = mkdtempSync(join(tmpdir(), 'flotilla-plugins-'));
t.teardown(() => rmSync(dir, { recursive: true }));
const configFile = join(dir, 'scheduler.yaml');
const builtIn = { A: () => ({ name: 'A' }) };

t.test('loadPlugins takes the plugins of a module beside the configuration', async (t) => {
  const example = resolve('examples/scheduler-plugin/prefer-label.js');
  const factories = await loadPlugins([example], { configFile, builtIn });
  t.same(Object.keys(factories), ['A', 'PreferLabel']);
  const plugin = factories.PreferLabel?.({ label: 'team' }, {} as never);
  t.equal(plugin?.name, 'PreferLabel');
  t.same(await loadPlugins([], { configFile, builtIn }), builtIn);
});

t.test('loadPlugins says what is wrong with a module', async (t) => {
  writeFileSync(join(dir, 'none.mjs'), 'export const other = 1;');
  writeFileSync(join(dir, 'taken.mjs'), 'export const plugins = { A: () => ({}) };');
  writeFileSync(join(dir, 'broken.mjs'), 'throw new Error("boom");');
  writeFileSync(join(dir, 'no-factory.mjs'), 'export const plugins = { B: 1 };');
  const rows: readonly (readonly [string, RegExp])[] = [
    ['./missing.mjs', /"\.\/missing\.mjs" cannot be loaded: /],
    ['./broken.mjs', /cannot be loaded: boom$/],
    ['./none.mjs', /exports no `plugins`/],
    ['./no-factory.mjs', /exports no `plugins`/],
    ['./taken.mjs', /has a plugin "A", a name that is taken$/],
    ['@flotilla-test/no-such-package', /cannot be loaded: /],
  ];
  for (const [module, message] of rows)
    await t.rejects(loadPlugins([module], { configFile, builtIn }), {
      ...{ name: 'ConfigurationError', message },
    });
});
