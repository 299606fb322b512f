import { parse } from 'yaml';

/** As whom a webhook is asked. PEM texts; '' without. */
export interface WebhookIdentity {
  readonly certificatePem: string;
  readonly keyPem: string;
  /** The `Authorization` header. */
  readonly authorization: string;
}

/** Credentials that cannot be used. */
export class WebhookCredentialsError extends Error {
  override readonly name = 'WebhookCredentialsError';
}

type Fields = Readonly<Record<string, unknown>>;

const nobody: WebhookIdentity = { certificatePem: '', keyPem: '', authorization: '' };
const httpsPort = ':443';

/** By server the credentials that admission webhooks are shown: a kubeconfig whose users are called like servers. */
export class WebhookCredentials {
  readonly #byName: ReadonlyMap<string, WebhookIdentity>;
  readonly #currentUser: string;

  private constructor(byName: ReadonlyMap<string, WebhookIdentity>, currentUser: string) {
    this.#byName = byName;
    this.#currentUser = currentUser;
  }

  /** None at all. */
  static readonly none = new WebhookCredentials(new Map(), '');

  /** Reads a kubeconfig; files that it names are read by `readFile`. Rejects with {@link WebhookCredentialsError}. */
  static async parse(
    text: string,
    readFile: (path: string) => Promise<string>,
  ): Promise<WebhookCredentials> {
    let config: Fields;
    try {
      config = fieldsOf(parse(text), 'the kubeconfig');
    } catch (error) {
      if (error instanceof WebhookCredentialsError) throw error;
      throw new WebhookCredentialsError('the kubeconfig is no YAML', { cause: error });
    }
    const byName = new Map<string, WebhookIdentity>();
    for (const [name, user] of entriesOf(config, 'users', 'user'))
      byName.set(name, await identityOf(name, user, readFile));
    const contexts = new Map(entriesOf(config, 'contexts', 'context'));
    const { user } = contexts.get(textOf(config['current-context'])) ?? {};
    return new WebhookCredentials(byName, textOf(user));
  }

  /**
   * Those for a server, as `host:port` or a host: of its name, of the longest `*.` pattern, without the port where it is that of https,
   * of `*`, or of the current context.
   */
  of(server: string): WebhookIdentity {
    const names = [...patternsOf(server)];
    if (server.endsWith(httpsPort)) names.push(...patternsOf(server.slice(0, -httpsPort.length)));
    names.push('*', this.#currentUser);
    for (const name of names) {
      const known = this.#byName.get(name);
      if (known !== undefined) return known;
    }
    return nobody;
  }
}

function* patternsOf(server: string): Generator<string> {
  yield server;
  const labels = server.split('.');
  for (let at = 1; at < labels.length; at++) yield `*.${labels.slice(at).join('.')}`;
}

async function identityOf(
  name: string,
  user: Fields,
  readFile: (path: string) => Promise<string>,
): Promise<WebhookIdentity> {
  const unusable = ['exec', 'auth-provider', 'as'].find((field) => user[field] !== undefined);
  if (unusable !== undefined)
    throw new WebhookCredentialsError(
      `the user ${JSON.stringify(name)} of the kubeconfig has ${unusable}: give a certificate, a token, or a name and a password`,
    );
  const textAt = async (field: string, file = field) => {
    const data = textOf(user[`${field}-data`]);
    if (data !== '') return Buffer.from(data, 'base64').toString('utf8');
    const path = textOf(user[file]);
    return path === '' ? '' : readFile(path);
  };
  const token = textOf(user.token) || (await textAt('token', 'tokenFile')).trim();
  const [username, password] = [textOf(user.username), textOf(user.password)];
  const basic = Buffer.from(`${username}:${password}`).toString('base64');
  return {
    certificatePem: await textAt('client-certificate'),
    keyPem: await textAt('client-key'),
    authorization: token !== '' ? `Bearer ${token}` : username !== '' ? `Basic ${basic}` : '',
  };
}

function entriesOf(
  config: Fields,
  list: string,
  field: string,
): readonly (readonly [string, Fields])[] {
  const entries = config[list] ?? [];
  if (!Array.isArray(entries))
    throw new WebhookCredentialsError(`${list} of the kubeconfig: a list is required`);
  return entries.map((entry) => {
    const { name, [field]: value } = fieldsOf(entry, `${list} of the kubeconfig`);
    return [textOf(name), fieldsOf(value ?? {}, `${list} of the kubeconfig`)];
  });
}

function fieldsOf(value: unknown, what: string): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
  throw new WebhookCredentialsError(`${what}: an object is required`);
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
