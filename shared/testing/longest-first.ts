// The order in which test files start. Two run at a time, and the run is over when the last one
// is: so those that take minutes start first.
import { BaseSequencer, type TestSpecification } from 'vitest/node';

export const LONGEST = [
  'test/torture/torture.redis.e2e.test.ts',
  'test/oracle/engine.test.ts',
  'test/simulation/simulation.long.test.ts',
  'knative/emulator/conformance/log.kafka.int.test.ts',
];

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isLong = (file: TestSpecification): boolean => placeOf(file) < LONGEST.length;
    const long = sorted.filter(isLong).sort((a, b) => placeOf(a) - placeOf(b));
    return [...long, ...sorted.filter((file) => !isLong(file))];
  }
}

function placeOf({ moduleId }: TestSpecification): number {
  const place = LONGEST.findIndex((name) => moduleId.endsWith(name));
  return place < 0 ? LONGEST.length : place;
}
