import type { UserInfo } from '../contracts.js';
import { CsvError, parseCsv } from './csv.js';
import type { TokenAuthenticator, TokenIdentity } from './token-authenticator.js';
import { userInfo } from './user-info.js';

/** The users of a token file, by token. */
export type TokenTable = ReadonlyMap<string, UserInfo>;

/**
 * Reads a --token-auth-file: records of token, user name, uid and, where given, groups in one quoted field. Throws CsvError that names
 * the file's `path`. Records with an empty token are left out; of equal tokens the last counts.
 */
export function parseTokenFile(text: string, path: string): TokenTable {
  const table = new Map<string, UserInfo>();
  for (const record of parseCsv(text)) {
    const [token = '', name = '', uid = '', groups] = record;
    if (record.length < 3) {
      throw new CsvError(
        `token file '${path}' must have at least 3 columns (token, user name, user uid), found ${record.length}`,
      );
    }
    if (token === '') continue;
    table.set(
      token,
      userInfo({ name, uid, groups: groups === undefined ? [] : groups.split(',') }),
    );
  }
  return table;
}

/** Knows the tokens of a token file. */
export class TokenFileAuthenticator implements TokenAuthenticator {
  readonly #table: TokenTable;

  constructor(table: TokenTable) {
    this.#table = table;
  }

  authenticateToken(token: string): Promise<TokenIdentity | null> {
    const user = this.#table.get(token);
    return Promise.resolve(user === undefined ? null : { user, audiences: [] });
  }
}
