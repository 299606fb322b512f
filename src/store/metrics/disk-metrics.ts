import { exponentialBuckets, Histogram, type Registry } from 'prom-client';
import type { Clock } from '../../base/clock.js';
import type { Disk } from '../../base/disk.js';
import type { OrderedDbHome } from '../../base/ordered-db.js';
import { meteredHome } from './metered-db.js';
import { meteredDisk } from './metered-disk.js';
import { MetricSet } from './metric-set.js';

/** etcd's: 1 ms to 8 s. */
const diskSeconds = exponentialBuckets(0.001, 2, 14);

/** How long the log's syncs and the database's batches take. Made before a member is opened, which then runs on what it wraps. */
export class DiskMetrics {
  readonly #clock: Clock;
  readonly #sync: Histogram;
  readonly #commit: Histogram;
  #writtenBytes = 0;

  constructor(registry: Registry, clock: Clock) {
    const registers = [registry];
    this.#clock = clock;
    this.#sync = new Histogram({
      name: 'etcd_disk_wal_fsync_duration_seconds',
      help: 'How long a sync of the write-ahead log takes.',
      ...{ buckets: diskSeconds, registers },
    });
    this.#commit = new Histogram({
      name: 'etcd_disk_backend_commit_duration_seconds',
      help: 'How long the database takes to commit a batch.',
      ...{ buckets: diskSeconds, registers },
    });
    new MetricSet(registry).gauge(
      'etcd_disk_wal_write_bytes_total',
      'Bytes written to the write-ahead log.',
      () => this.#writtenBytes,
    );
  }

  /** The disk that the log is on. */
  logDisk(disk: Disk): Disk {
    return meteredDisk(disk, {
      onWrite: (bytes) => {
        this.#writtenBytes += bytes;
      },
      onSync: (tookMs) => this.#sync.observe(tookMs / 1000),
    });
  }

  databaseHome(home: OrderedDbHome): OrderedDbHome {
    return meteredHome(home, {
      now: () => this.#clock.now(),
      onCommit: (tookMs) => this.#commit.observe(tookMs / 1000),
    });
  }
}
