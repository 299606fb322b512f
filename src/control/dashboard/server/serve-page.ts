import type { Logger } from '../../../base/logger.js';
import type { WebHandler, WebRequest, WebResponse } from '../../../rpc/web.js';
import { type PageFile, pageRoot } from './page-file.js';

/** Headers of every file: nobody frames it, guesses its type or learns where a link led from. */
const headersOfAll = {
  'cache-control': 'no-cache',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
} as const;

const encoder = new TextEncoder();

/**
 * Answers `/dashboard` and what is below it with the page's files, to anybody: the page holds no secrets, and logs in by itself.
 * All other requests go on to `next`. The files are read when somebody first asks for one.
 */
export function servePage(
  load: () => Promise<ReadonlyMap<string, PageFile>>,
  next: WebHandler,
  logger: Logger,
): WebHandler {
  let loading: Promise<ReadonlyMap<string, PageFile>> | null = null;
  const files = async () => {
    loading ??= load();
    try {
      return await loading;
    } catch (error) {
      loading = null;
      logger.warn('the dashboard cannot be served: npm run build makes it', {
        error: error instanceof Error ? error.message : String(error),
      });
      return null;
    }
  };
  return async (request, response) => {
    const { path } = request;
    if (path !== pageRoot && !path.startsWith(`${pageRoot}/`)) return next(request, response);
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      sendText(request, response, {
        status: 405,
        text: 'only GET and HEAD\n',
        headers: { allow: 'GET, HEAD' },
      });
      return;
    }
    const found = await files();
    if (found === null) {
      sendText(request, response, {
        status: 503,
        text: 'the dashboard is not built: npm run build\n',
      });
      return;
    }
    const file = found.get(path === `${pageRoot}/` ? pageRoot : path);
    if (file === undefined)
      sendText(request, response, { status: 404, text: '404 page not found\n' });
    else sendFile(request, response, file);
  };
}

function sendFile(request: WebRequest, response: WebResponse, file: PageFile): void {
  const { etag, policy, contentType, bytes } = file;
  const headers = {
    ...headersOfAll,
    etag,
    ...(policy === null ? {} : { 'content-security-policy': policy }),
  };
  if (request.headers.get('if-none-match') === etag) {
    response.start(304, headers);
    response.end();
    return;
  }
  response.start(200, {
    ...headers,
    'content-type': contentType,
    'content-length': String(bytes.length),
  });
  response.end(request.method === 'HEAD' ? undefined : bytes);
}

function sendText(
  request: WebRequest,
  response: WebResponse,
  answer: {
    readonly status: number;
    readonly text: string;
    readonly headers?: Readonly<Record<string, string>>;
  },
): void {
  const bytes = encoder.encode(answer.text);
  response.start(answer.status, {
    ...headersOfAll,
    ...answer.headers,
    'content-type': 'text/plain; charset=utf-8',
    'content-length': String(bytes.length),
  });
  response.end(request.method === 'HEAD' ? undefined : bytes);
}
