// A process of the long comparison: does the batches that it is sent, one at a time.
import { BatchRunner, type Task } from './compare.ts';
import { EngineSubject } from './engine-subject.ts';

const runner = new BatchRunner(() => new EngineSubject());

process.on('message', (task: Task) => process.send?.(runner.do(task)));
// Whoever asked is gone.
process.on('disconnect', () => process.exit());
