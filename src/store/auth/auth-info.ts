/** Who a request is made by, and as of when: etcd's AuthInfo. It goes through the log with what it asks for. */
export interface AuthInfo {
  /** May be empty: a client certificate without a common name. */
  readonly userName: string;
  /** Revision of users and roles at which the caller was identified; 0 stands for nobody. */
  readonly revision: number;
}

/** A caller that has shown neither token nor certificate. */
export const nobody: AuthInfo = { userName: '', revision: 0 };

/** The user, and the role, that may do everything and that authentication cannot be enabled without. */
export const rootName = 'root';
