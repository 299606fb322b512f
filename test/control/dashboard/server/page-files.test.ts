import t from 'tap';
import { relativeImports } from '../../../../src/control/dashboard/server/module-closure.js';
import { loadPageFiles } from '../../../../src/control/dashboard/server/page-files.js';

const decoder = new TextDecoder();

t.test('loadPageFiles: whatever a module imports is served, and no source or map is', async (t) => {
  const files = await loadPageFiles();
  const page = decoder.decode(files.get('/dashboard')?.bytes);
  const importMap = /<script type="importmap">(.*)<\/script>/.exec(page)?.[1] ?? '';
  const { imports } = JSON.parse(importMap) as { imports: Record<string, string> };
  for (const path of Object.values(imports)) t.ok(files.has(path), path);
  const modules = [...files].filter(([path]) => /\.m?js$/.test(path));
  t.ok(modules.length > 60);
  for (const [path, { bytes, contentType }] of modules) {
    const text = decoder.decode(bytes);
    t.match(contentType, /^text\/javascript/);
    for (const specifier of relativeImports(text)) {
      const target = new URL(specifier, `http://x${path}`).pathname;
      t.ok(files.has(target), `${path} imports ${target}`);
    }
    for (const [, name = ''] of text.matchAll(/^import\b[^'"\n]*from\s*['"]([^.'"][^'"]*)['"]/gm)) {
      t.ok(name in imports, `${path} imports ${name}`);
    }
  }
  const others = [...files.keys()].filter((path) => !/\.m?js$/.test(path));
  t.strictSame(others.sort(), [
    '/dashboard',
    '/dashboard/icon.svg',
    '/dashboard/layout.css',
    '/dashboard/lib/uplot/uPlot.min.css',
    '/dashboard/theme.css',
    '/dashboard/views.css',
  ]);
  const isOwn = (path: string) =>
    /^\/dashboard\/app\/control\/dashboard\/(browser|model)\//.test(path);
  const foreign = [...files.keys()].filter(
    (path) => path.startsWith('/dashboard/app/') && !isOwn(path),
  );
  t.strictSame(foreign, []);
});

t.test('loadPageFiles: every reference of the document is served', async (t) => {
  const files = await loadPageFiles();
  const page = decoder.decode(files.get('/dashboard')?.bytes);
  const references = [...page.matchAll(/(?:href|src)="([^"]+)"/g)].map(([, path = '']) => path);
  t.ok(references.length > 50);
  for (const path of references) t.ok(files.has(path), path);
});
