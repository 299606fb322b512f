import { assert } from './assert.js';

/** Slots before the first value that is left are given back once there are this many. */
const slackMin = 1024;

/**
 * Values under numbers that are handed out one after the other, and mostly given back in that order: an array with a moving
 * start. A look-up costs an index where a Map costs a hash.
 */
export class SequenceMap<V> {
  /** Invariant: slot i has the value of number #base + i, or undefined once it was deleted. */
  #slots: (V | undefined)[] = [];
  #base: number;
  /** Slots before it are empty. */
  #head = 0;
  #size = 0;

  /** `next` is the number that {@link push} gives out first. */
  constructor(next: number) {
    this.#base = next;
  }

  get size(): number {
    return this.#size;
  }

  /** The number that {@link push} gives out next. */
  get next(): number {
    return this.#base + this.#slots.length;
  }

  /** Adds the value under the next number. */
  push(value: V): number {
    this.#slots.push(value);
    this.#size++;
    return this.next - 1;
  }

  get(number: number): V | undefined {
    return this.#slots[number - this.#base];
  }

  /** Removes and returns the value; undefined when there is none under the number. */
  take(number: number): V | undefined {
    const value = this.get(number);
    if (value === undefined) return undefined;
    this.#slots[number - this.#base] = undefined;
    this.#size--;
    this.#trim();
    return value;
  }

  /** In the order of their numbers. */
  values(): V[] {
    return this.#slots.slice(this.#head).filter((value) => value !== undefined);
  }

  clear(): void {
    this.#base = this.next;
    this.#slots = [];
    this.#head = 0;
    this.#size = 0;
  }

  #trim(): void {
    while (this.#head < this.#slots.length && this.#slots[this.#head] === undefined) this.#head++;
    if (this.#head < slackMin || 2 * this.#head < this.#slots.length) return;
    this.#slots = this.#slots.slice(this.#head);
    this.#base += this.#head;
    this.#head = 0;
    assert(this.#size <= this.#slots.length);
  }
}
