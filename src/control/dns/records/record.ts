/** A record of the cluster's zone, without its time to live. Names are complete and without the dot at the end. */
export type ZoneRecord =
  | { readonly type: 'A' | 'AAAA'; readonly name: string; readonly address: string }
  | { readonly type: 'CNAME' | 'PTR' | 'NS'; readonly name: string; readonly target: string }
  | { readonly type: 'TXT'; readonly name: string; readonly text: string }
  | {
      readonly type: 'SRV';
      readonly name: string;
      readonly target: string;
      readonly port: number;
      readonly weight: number;
    };

/** The addresses as records of a name. */
export function addressRecords(name: string, addresses: readonly string[]): ZoneRecord[] {
  return addresses.map((address) => ({
    type: address.includes(':') ? 'AAAA' : 'A',
    ...{ name, address },
  }));
}
