/** What a storage with a cache has done so far. Plain numbers: they are counted on the way of every request. */
export class CacheCounts {
  /** Lists of the store that the cache was filled from. */
  initializations = 0;
  initializationErrors = 0;
  /** Changes that the store told. */
  eventsReceived = 0;
  /** Of them, those that came to be events for watchers. */
  eventsDispatched = 0;
  /** Objects that watches began with. */
  initEvents = 0;
  /** Watches that were ended because their reader was too slow. */
  terminatedWatchers = 0;
  /** Lists from memory, by the index that they were answered from; '' without. */
  readonly lists = new Map<string, ListCounts>();
  /** Reads of the latest state, by what they were confirmed with: the cache in time, or not. */
  confirmed = 0;
  unconfirmed = 0;

  onList(index: string, fetched: number, returned: number): void {
    let counts = this.lists.get(index);
    if (counts === undefined) {
      counts = { lists: 0, fetched: 0, returned: 0 };
      this.lists.set(index, counts);
    }
    counts.lists++;
    counts.fetched += fetched;
    counts.returned += returned;
  }
}

/** Lists that were answered from one index, the objects that were looked at for them, and those that they had. */
export interface ListCounts {
  lists: number;
  fetched: number;
  returned: number;
}
