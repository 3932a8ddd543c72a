// What a link can suffer, each in one direction alone. Named after Shopify's toxiproxy, whose eight
// these are, and a half-open link.

export type Toxic =
  /** Every piece arrives later, and not equally much later. */
  | { readonly kind: 'latency'; readonly ms: number; readonly jitterMs: number }
  /** Nothing connects; what was connected is ended. */
  | { readonly kind: 'down' }
  /** Nothing arrives and nobody is told. Where it does not heal, not even afterwards. */
  | { readonly kind: 'black_hole'; readonly heals: boolean }
  /** Connections end with RST, without a last word. */
  | { readonly kind: 'reset_peer'; readonly afterMs: number }
  /** Pieces of a few bytes, with pauses: a reader must put messages together. */
  | { readonly kind: 'slicer'; readonly bytes: number; readonly delayMs: number }
  /** The connection ends in the middle of a message, after this many bytes. */
  | { readonly kind: 'limit_data'; readonly bytes: number }
  | { readonly kind: 'bandwidth'; readonly bytesPerSecond: number }
  /** The end of one side is told to the other only later. */
  | { readonly kind: 'slow_close'; readonly delayMs: number }
  /** One side is gone, the other believes that all is well. */
  | { readonly kind: 'half_open' };

export type ToxicKind = Toxic['kind'];

export const TOXIC_KINDS = [
  'latency',
  'down',
  'black_hole',
  'reset_peer',
  'slicer',
  'limit_data',
  'bandwidth',
  'slow_close',
  'half_open',
] as const satisfies readonly ToxicKind[];

/** `up` is towards the server. */
export type Direction = 'up' | 'down';
