import { createHash } from 'node:crypto';

/** What the page is made of; all paths are absolute. */
export interface PageParts {
  /** The module that starts the page. */
  readonly mainPath: string;
  /** Modules that it needs at once. */
  readonly preloads: readonly string[];
  readonly stylesheets: readonly string[];
  readonly iconPath: string;
  /** Paths by module name. */
  readonly imports: Readonly<Record<string, string>>;
}

/** The page's document, and the policy that lets nothing run in it but its own files. */
export interface Page {
  readonly html: string;
  /** Value of the Content-Security-Policy header. */
  readonly policy: string;
}

/**
 * Writes the page. The import map is the only thing in it that a browser takes for a script: browsers read no import maps from files,
 * so the policy names its hash.
 */
export function renderPage(parts: PageParts): Page {
  const importMap = JSON.stringify({ imports: parts.imports });
  const hash = createHash('sha256').update(importMap).digest('base64');
  const styles = parts.stylesheets.map((path) => `<link rel="stylesheet" href="${path}">`);
  const preloads = parts.preloads.map((path) => `<link rel="modulepreload" href="${path}">`);
  const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Flotilla</title>
<link rel="icon" href="${parts.iconPath}" type="image/svg+xml">
${styles.join('\n')}
<script type="importmap">${importMap}</script>
${preloads.join('\n')}
<script type="module" src="${parts.mainPath}"></script>
</head>
<body>
<div id="app"></div>
<noscript>The dashboard needs JavaScript.</noscript>
</body>
</html>
`;
  return { html, policy: policyWith(`'sha256-${hash}'`) };
}

function policyWith(scriptHash: string): string {
  return [
    "default-src 'none'",
    `script-src 'self' ${scriptHash}`,
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; ');
}
