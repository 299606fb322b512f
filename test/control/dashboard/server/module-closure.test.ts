import t from 'tap';
import {
  moduleClosure,
  relativeImports,
} from '../../../../src/control/dashboard/server/module-closure.js';
import { renderPage } from '../../../../src/control/dashboard/server/page-html.js';

t.test('relativeImports finds what a module imports, and nothing that only looks like it', (t) => {
  const text = [
    "import { a } from './a.js';",
    'import{b}from"./b.js";',
    "import './c.js';",
    "export * from '../d.js';",
    'import {',
    '  e,',
    "} from './e.js';",
    "const later = await import('./f.js');",
    "import { jsx } from 'preact/jsx-runtime';",
    "const text = 'see ./not.js';",
    "// import x from elsewhere './no.js'",
    'export const from = 1;',
  ].join('\n');
  t.strictSame(relativeImports(text), [
    './a.js',
    './b.js',
    './c.js',
    '../d.js',
    './e.js',
    './f.js',
  ]);
  t.end();
});

t.test(
  'moduleClosure reads each module once, circles too, and fails where one is missing',
  async (t) => {
    const files: Readonly<Record<string, string>> = {
      'file:///x/main.js': "import './a.js';\nimport './deep/b.js';",
      'file:///x/a.js': "import './main.js';",
      'file:///x/deep/b.js': "export { a } from '../a.js';",
      'file:///x/other.js': '',
    };
    const reads: string[] = [];
    const read = async (url: string) => {
      reads.push(url);
      const text = files[url];
      if (text === undefined) throw new Error(`no ${url}`);
      return text;
    };
    const closure = await moduleClosure(['file:///x/main.js'], read);
    t.strictSame(
      [...closure.keys()],
      ['file:///x/main.js', 'file:///x/a.js', 'file:///x/deep/b.js'],
    );
    t.equal(reads.length, 3);
    await t.rejects(moduleClosure(['file:///x/gone.js'], read), /no file/);
  },
);

t.test('renderPage lets nothing run but its own files and its import map', (t) => {
  const { html, policy } = renderPage({
    ...{ mainPath: '/m.js', preloads: ['/m.js'], stylesheets: ['/s.css'], iconPath: '/i.svg' },
    imports: { preact: '/p.js' },
  });
  t.equal((html.match(/<script/g) ?? []).length, 2);
  t.match(policy, /script-src 'self' 'sha256-[\w+/]{43}='/);
  t.notMatch(policy, /unsafe|http/);
  t.match(policy, /frame-ancestors 'none'/);
  t.end();
});
