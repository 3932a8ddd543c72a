// Bounds what a process remembers.

/** A map hands out its keys in the order in which they were put in. */
export function dropOldest<Key>(map: Map<Key, unknown>, entriesMax: number): void {
  for (const oldest of map.keys()) {
    if (map.size <= entriesMax) return;
    map.delete(oldest);
  }
}
