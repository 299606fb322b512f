import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { readTextFile } from '../../../host/text-file.js';
import { moduleClosure } from './module-closure.js';
import { type PageFile, pageRoot } from './page-file.js';
import { renderPage } from './page-html.js';

/** This package's compiled sources: what is below it keeps its path below `/dashboard/app/`. */
const sourceRoot = new URL('../../../', import.meta.url).href;
const mainModule = new URL('../browser/main.js', import.meta.url).href;
const assetsRoot = new URL('../assets/', import.meta.url).href;
const stylesheetNames = ['theme.css', 'layout.css', 'views.css'];
const iconName = 'icon.svg';

/** Modules by the names under which they are imported, as files of the packages installed. */
function libraries(): Readonly<Record<string, string>> {
  const resolve = (specifier: string) => import.meta.resolve(specifier);
  return {
    preact: resolve('preact'),
    'preact/hooks': resolve('preact/hooks'),
    'preact/jsx-runtime': resolve('preact/jsx-runtime'),
    uplot: resolve('uplot/dist/uPlot.esm.js'),
    yaml: new URL('browser/index.js', resolve('yaml/package.json')).href,
  };
}

/**
 * Reads everything that the page needs, by path: its own modules, those of its libraries, and nothing else that the package may
 * hold. Rejects when the browser's part was not built.
 */
export async function loadPageFiles(): Promise<ReadonlyMap<string, PageFile>> {
  const read = (url: string) => readTextFile(fileURLToPath(url));
  const files = new Map<string, PageFile>();
  const own = await moduleClosure([mainModule], read);
  for (const [url, text] of own) files.set(ownPath(url), script(text));
  const imports: Record<string, string> = {};
  for (const [name, entry] of Object.entries(libraries())) {
    const root = packageRoot(entry, name);
    const pathOf = (url: string) =>
      `${pageRoot}/lib/${packageName(name)}/${url.slice(root.length)}`;
    imports[name] = pathOf(entry);
    for (const [url, text] of await moduleClosure([entry], read))
      files.set(pathOf(url), script(text));
  }
  const stylesheets = [...stylesheetNames.map((name) => `${pageRoot}/${name}`)];
  for (const name of stylesheetNames) {
    files.set(`${pageRoot}/${name}`, file('text/css', await read(assetsRoot + name)));
  }
  const chartStyles = `${pageRoot}/lib/uplot/uPlot.min.css`;
  files.set(
    chartStyles,
    file('text/css', await read(import.meta.resolve('uplot/dist/uPlot.min.css'))),
  );
  const iconPath = `${pageRoot}/${iconName}`;
  files.set(iconPath, file('image/svg+xml', await read(assetsRoot + iconName)));
  const { html, policy } = renderPage({
    mainPath: ownPath(mainModule),
    preloads: [...own.keys()].map(ownPath),
    stylesheets: [chartStyles, ...stylesheets],
    iconPath,
    imports,
  });
  files.set(pageRoot, { ...file('text/html', html), policy });
  return files;
}

function ownPath(url: string): string {
  return `${pageRoot}/app/${url.slice(sourceRoot.length)}`;
}

function packageName(specifier: string): string {
  return specifier.split('/')[0] ?? specifier;
}

/** The folder of the package, up to and with its slash. */
function packageRoot(entry: string, specifier: string): string {
  const folder = `/node_modules/${packageName(specifier)}/`;
  return entry.slice(0, entry.lastIndexOf(folder) + folder.length);
}

function script(text: string): PageFile {
  return file('text/javascript', text);
}

function file(type: string, text: string): PageFile {
  const bytes = new TextEncoder().encode(text);
  const digest = createHash('sha256').update(bytes).digest('base64url').slice(0, 22);
  return { contentType: `${type}; charset=utf-8`, bytes, etag: `"${digest}"`, policy: null };
}
