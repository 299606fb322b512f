const tokenKey = 'flotilla.token';
const namespaceKey = 'flotilla.namespace';

/** The token of whoever is logged in, kept until the tab is closed; '' when nobody is. */
export function storedToken(): string {
  return sessionStorage.getItem(tokenKey) ?? '';
}

/** Keeps a token for this tab. */
export function storeToken(token: string): void {
  sessionStorage.setItem(tokenKey, token);
}

/** Forgets the token. */
export function forgetToken(): void {
  sessionStorage.removeItem(tokenKey);
}

/** The namespace that lists are narrowed to; '' is all of them. */
export function storedNamespace(): string {
  return sessionStorage.getItem(namespaceKey) ?? '';
}

/** Keeps the namespace for this tab. */
export function storeNamespace(namespace: string): void {
  sessionStorage.setItem(namespaceKey, namespace);
}
