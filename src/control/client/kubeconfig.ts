import { dirname, resolve } from 'node:path';
import { parse } from 'yaml';
import { readTextFile } from '../../host/text-file.js';
import type { WebClientTls } from '../../rpc/index.js';
import type { ServerAccess } from './rest-transport.js';

/** A kubeconfig that cannot be used. The message names the file and what is wrong in it. */
export class KubeconfigError extends Error {
  override readonly name = 'KubeconfigError';
}

/** What a kubeconfig says of one context. */
export interface KubeconfigAccess extends ServerAccess {
  /** The context's namespace; `default` without. */
  readonly namespace: string;
}

type Fields = Readonly<Record<string, unknown>>;

/**
 * Reads a kubeconfig file. Certificates, keys and tokens may be in it or in files of their own (relative to it); a token file is
 * read again for every request. Programs that make credentials (`exec`) and `auth-provider` are refused. Rejects with
 * {@link KubeconfigError}, or the operating system's error for a file.
 */
export async function readKubeconfig(
  path: string,
  options: { readonly context?: string } = {},
): Promise<KubeconfigAccess> {
  return new KubeconfigReader(path, await readTextFile(path)).access(options.context);
}

class KubeconfigReader {
  readonly #path: string;
  readonly #root: Fields;

  constructor(path: string, text: string) {
    this.#path = path;
    let root: unknown;
    try {
      root = parse(text);
    } catch (error) {
      throw this.#wrong('it is no YAML', error);
    }
    if (!isFields(root)) throw this.#wrong('it holds no configuration');
    this.#root = root;
  }

  async access(wanted: string | undefined): Promise<KubeconfigAccess> {
    const name = wanted ?? text(this.#root, 'current-context');
    if (name === '') throw this.#wrong('it has no current-context: name the context');
    const context = this.#named('contexts', name, 'context');
    const cluster = this.#named('clusters', text(context, 'cluster'), 'cluster');
    const user = text(context, 'user');
    const credentials = user === '' ? {} : this.#named('users', user, 'user');
    const server = text(cluster, 'server');
    if (!URL.canParse(server)) {
      throw this.#wrong(`the server of cluster ${quoted(context, 'cluster')} is no URL`);
    }
    return {
      server,
      tls: await this.#tls(cluster, credentials),
      authorization: this.#authorization(user, credentials),
      namespace: text(context, 'namespace') || 'default',
    };
  }

  #named(list: string, name: string, field: string): Fields {
    const entries = this.#root[list];
    const found = (Array.isArray(entries) ? entries : []).find(
      (entry): entry is Fields => isFields(entry) && entry.name === name,
    );
    const content = found?.[field];
    if (!isFields(content)) {
      throw this.#wrong(`there is no ${JSON.stringify(name)} among its ${list}`);
    }
    return content;
  }

  async #tls(cluster: Fields, user: Fields): Promise<WebClientTls> {
    const ca = await this.#material(cluster, 'certificate-authority');
    const cert = await this.#material(user, 'client-certificate');
    const key = await this.#material(user, 'client-key');
    const serverName = text(cluster, 'tls-server-name');
    return {
      ...(ca === null ? {} : { ca }),
      ...(cert === null ? {} : { cert }),
      ...(key === null ? {} : { key }),
      ...(serverName === '' ? {} : { serverName }),
      isUnverified: cluster['insecure-skip-tls-verify'] === true,
    };
  }

  /** What is in the file in base64, or in a file that it names. */
  async #material(fields: Fields, name: string): Promise<string | null> {
    const inline = text(fields, `${name}-data`);
    if (inline !== '') return Buffer.from(inline, 'base64').toString('utf8');
    const path = text(fields, name);
    return path === '' ? null : readTextFile(this.#relative(path));
  }

  #authorization(name: string, user: Fields): () => Promise<string | null> {
    for (const field of ['exec', 'auth-provider']) {
      if (user[field] !== undefined && user[field] !== null) {
        throw this.#wrong(
          `user ${JSON.stringify(name)} gets credentials by ${field}, which is not run here: give a token or a client certificate`,
        );
      }
    }
    const tokenFile = text(user, 'tokenFile');
    const token = text(user, 'token');
    const username = text(user, 'username');
    if (tokenFile !== '') {
      const path = this.#relative(tokenFile);
      return async () => `Bearer ${(await readTextFile(path)).trim()}`;
    }
    if (token !== '') return async () => `Bearer ${token}`;
    if (username === '') return async () => null;
    const pair = Buffer.from(`${username}:${text(user, 'password')}`).toString('base64');
    return async () => `Basic ${pair}`;
  }

  #relative(path: string): string {
    return resolve(dirname(this.#path), path);
  }

  #wrong(what: string, cause?: unknown): KubeconfigError {
    return new KubeconfigError(`cannot use the kubeconfig ${this.#path}: ${what}`, { cause });
  }
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function text(fields: Fields, name: string): string {
  const value = fields[name];
  return typeof value === 'string' ? value : '';
}

function quoted(fields: Fields, name: string): string {
  return JSON.stringify(text(fields, name));
}
