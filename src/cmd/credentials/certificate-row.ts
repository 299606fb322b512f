import type { CertificateSubject } from '../../host/certificate-maker.js';

/** Who signs a certificate of a cluster: the cluster's own authority, or the one that aggregated API servers trust. */
export type AuthorityName = 'ca' | 'front-proxy-ca';

/** A certificate that a cluster needs. */
export interface CertificateRow {
  /** Of its files: `NAME.crt` and `NAME.key`. */
  readonly name: string;
  readonly authority: AuthorityName;
  readonly use: Extract<CertificateSubject['use'], 'client' | 'server'>;
  readonly commonName: string;
  readonly organizations?: readonly string[];
  /** Host names and IP addresses of a server. */
  readonly names?: readonly string[];
}
