// Makes a source map small. Node keeps what it decodes of one for as long as the process lives: a
// position for each word of each library is 70 MB, in every process that has seen an exception.
import { decode, encode } from '@jridgewell/sourcemap-codec';

interface SourceMap {
  readonly sources: readonly string[];
  readonly mappings: string;
}

/** Libraries are named by their place in the bundle. */
const FOREIGN = /(?:^|\/)node_modules\//;

/** Keeps the line of each line of ours, without columns, and says of all others that none is. */
export function thinSourceMap(text: string): string {
  const map = JSON.parse(text) as SourceMap;
  const sources: string[] = [];
  const numbers = new Map<number, number>();
  const numberOf = (source: number): number => {
    const known = numbers.get(source);
    if (known !== undefined) return known;
    numbers.set(source, sources.length);
    return sources.push(map.sources[source] ?? '') - 1;
  };
  let isOurs = false;
  const lines = decode(map.mappings).map(
    (segments): [number] | [number, number, number, number] => {
      for (const [, source, line] of segments) {
        if (source === undefined || line === undefined) continue;
        if (FOREIGN.test(map.sources[source] ?? '')) break;
        return [0, numberOf(source), line, 0];
      }
      return [0];
    },
  );
  const thin = lines.map((segment) => {
    // A reader takes a line that says nothing for the last one that said something.
    const isNews = segment.length > 1 || isOurs;
    isOurs = segment.length > 1;
    return isNews ? [segment] : [];
  });
  return JSON.stringify({ ...map, sources, names: [], mappings: encode(thin) });
}
