import type { Flag, FlagKind } from './flags.js';

/** A flag as tables write it. */
export type FlagRow = readonly [name: string, kind: FlagKind, value: string, help: string];

/** Flags that do something. */
export function usedFlags(rows: readonly FlagRow[]): readonly Flag[] {
  return rows.map(([name, kind, value, help]) => ({ name, kind, value, effect: 'used', help }));
}

/** Flags that are accepted, as the reason why they do nothing and their names with how their values are read. */
export function ignoredFlags(
  reasons: Readonly<Record<string, Readonly<Record<string, FlagKind>>>>,
): readonly Flag[] {
  return Object.entries(reasons).flatMap(([help, kinds]) =>
    Object.entries(kinds).map(([name, kind]) => ({
      ...{ name, kind, help, effect: 'ignored' as const },
      value: kind === 'boolean' ? 'false' : '',
    })),
  );
}

/** The flags that the programs of a control plane besides the API server have in common: where they serve, and how they log. */
export function programFlags({ securePort }: { readonly securePort: number }): readonly Flag[] {
  return [
    ...usedFlags([
      [
        'kubeconfig',
        'string',
        '',
        'The API server, and who to be there (default: what a pod is given).',
      ],
      ['kube-api-qps', 'decimal', '0', 'Requests a second to the API server (0: no limit).'],
      ['kube-api-burst', 'number', '0', 'Requests at once after quiet times (0: twice the rate).'],
      ['bind-address', 'string', '0.0.0.0', 'Address to listen on.'],
      [
        'secure-port',
        'number',
        String(securePort),
        'Port to serve health and metrics on over HTTPS (0: none).',
      ],
      [
        'cert-dir',
        'string',
        '',
        'Folder for a certificate that is made (default: it is not kept).',
      ],
      ['tls-cert-file', 'string', '', 'Certificate for HTTPS (PEM).'],
      ['tls-private-key-file', 'string', '', 'Key of the certificate (PEM).'],
      ['log-level', 'string', 'info', 'debug, info, warn or error.'],
      ['logging-format', 'string', 'json', 'json or text.'],
      ['v', 'string', '', 'Verbosity: 4 and more log at level debug.'],
    ]),
    ...ignoredFlags({
      'objects travel as JSON': { 'kube-api-content-type': 'string' },
      'feature gates are fixed by what is built': {
        'feature-gates': 'list',
        'emulated-version': 'list',
        'emulation-forward-compatible': 'boolean',
        'min-compatibility-version': 'list',
      },
      'what is served says nothing of objects, and is open to who reaches the port': {
        'authentication-kubeconfig': 'string',
        'authentication-skip-lookup': 'boolean',
        'authentication-token-webhook-cache-ttl': 'duration',
        'authentication-tolerate-lookup-failure': 'boolean',
        'authorization-always-allow-paths': 'list',
        'authorization-kubeconfig': 'string',
        'authorization-webhook-cache-authorized-ttl': 'duration',
        'authorization-webhook-cache-unauthorized-ttl': 'duration',
        'client-ca-file': 'string',
        'requestheader-allowed-names': 'list',
        'requestheader-client-ca-file': 'string',
        'requestheader-extra-headers-prefix': 'list',
        'requestheader-group-headers': 'list',
        'requestheader-uid-headers': 'list',
        'requestheader-username-headers': 'list',
      },
      'the host decides this': {
        'contention-profiling': 'boolean',
        profiling: 'boolean',
        'disable-http2-serving': 'boolean',
        'http2-max-streams-per-connection': 'number',
        'permit-address-sharing': 'boolean',
        'permit-port-sharing': 'boolean',
        'tls-cipher-suites': 'list',
        'tls-curve-preferences': 'list',
        'tls-min-version': 'string',
        'tls-sni-cert-key': 'list',
        'log-flush-frequency': 'duration',
        'log-json-info-buffer-size': 'string',
        'log-json-split-stream': 'boolean',
        'log-text-info-buffer-size': 'string',
        'log-text-split-stream': 'boolean',
        vmodule: 'list',
        'show-hidden-metrics-for-version': 'string',
        'allow-metric-labels': 'list',
        'allow-metric-labels-manifest': 'string',
        'disabled-metrics': 'list',
        master: 'string',
      },
    }),
  ];
}
