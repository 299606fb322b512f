import type { Clock } from '../../base/clock.js';
import type { Logger } from '../../base/logger.js';
import type { TlsMaterial } from '../../host/net.js';
import type { ListenerTls } from '../../rpc/index.js';
import { type FollowedFiles, followFiles, readAll } from '../credentials/follow-files.js';
import type { StoreSettings } from './settings.js';
import { clientTlsOf, peerTlsOf } from './tls-material.js';
import type { TlsSettings } from './tls-settings.js';

/** Who uses TLS, and is told of what is used from now on. */
export interface TlsUsers {
  onClients(tls: ListenerTls): void;
  onPeers(tls: TlsMaterial): void;
}

/** What a member speaks TLS with. It follows the files that the flags name. */
export class MemberTls {
  readonly #settings: StoreSettings;
  readonly #parts: { readonly clock: Clock; readonly logger: Logger };
  /** Of the files, before they were taken into use. */
  readonly #texts: { readonly clients: string; readonly peers: string };
  #clients: ListenerTls | null = null;
  #peers: TlsMaterial | null = null;

  private constructor(
    settings: StoreSettings,
    parts: { readonly clock: Clock; readonly logger: Logger },
    texts: { readonly clients: string; readonly peers: string },
  ) {
    this.#settings = settings;
    this.#parts = parts;
    this.#texts = texts;
  }

  /** Reads the files. Rejects with ListenError, which names the flag whose file cannot be used. */
  static async load(
    settings: StoreSettings,
    parts: { readonly clock: Clock; readonly logger: Logger },
  ): Promise<MemberTls> {
    const [clients, peers] = await Promise.all(
      [settings.clientTls, settings.peerTls].map((side) =>
        // Whose file is not there is told below.
        readAll(filesOf(side)).catch(() => ''),
      ),
    );
    const tls = new MemberTls(settings, parts, { clients: clients ?? '', peers: peers ?? '' });
    tls.#peers = await tls.#loadPeers();
    tls.#clients = await tls.#loadClients();
    return tls;
  }

  /** For clients' ports now; null: without TLS. */
  get clients(): ListenerTls | null {
    return this.#clients;
  }

  /** For peers' ports, and for connections to peers, now; null: without TLS. */
  get peers(): TlsMaterial | null {
    return this.#peers;
  }

  /** Takes files that change into use for the connections that come after, until it is closed. */
  follow({ onClients, onPeers }: TlsUsers): FollowedFiles {
    const { clientTls, peerTls } = this.#settings;
    const followed = [
      this.#follow('clients', clientTls, async () => {
        const changed = await this.#loadClients();
        if (changed !== null) onClients(changed);
        this.#clients = changed;
      }),
      this.#follow('peers', peerTls, async () => {
        const changed = await this.#loadPeers();
        if (changed !== null) onPeers(changed);
        this.#peers = changed;
      }),
    ];
    return {
      async close() {
        await Promise.all(followed.map((files) => files?.close()));
      },
    };
  }

  #follow(
    side: 'clients' | 'peers',
    settings: TlsSettings | null,
    apply: () => Promise<void>,
  ): FollowedFiles | null {
    const paths = filesOf(settings);
    if (paths.length === 0) return null;
    const what = `TLS material for ${side}`;
    return followFiles({ ...this.#parts, what, paths, text: this.#texts[side], apply });
  }

  #loadPeers(): Promise<TlsMaterial | null> {
    const { dataDir, peerTls, listenPeerUrls } = this.#settings;
    const made = { folder: `${dataDir}/fixtures/peer`, urls: listenPeerUrls };
    return peerTlsOf(peerTls, { made, ...this.#parts });
  }

  #loadClients(): Promise<ListenerTls | null> {
    const { dataDir, clientTls, listenClientUrls } = this.#settings;
    const made = { folder: `${dataDir}/fixtures/client`, urls: listenClientUrls };
    return clientTlsOf(clientTls, { made, ...this.#parts });
  }
}

/** The files that an operator may replace. */
function filesOf(settings: TlsSettings | null): readonly string[] {
  if (settings === null) return [];
  const pairs = [settings.pair, settings.clientPair];
  const files = pairs.flatMap((pair) => (pair === null ? [] : [pair.certFile, pair.keyFile]));
  return [...files, settings.caFile, settings.crlFile].filter((path) => path !== '');
}
