// Lets a connection of KafkaJS rest. Version 2.2.4 looks for waiting requests every millisecond on
// each connection for as long as the process lives, though none waits (its issues 1556 and 1704):
// 4 to 7 % of a core in each of our processes. A queue only fills where something is put into it,
// and that schedules the look itself.
import RequestQueue from 'kafkajs/src/network/requestQueue/index.js';

const schedule = RequestQueue.prototype.scheduleCheckPendingRequests;

/** Has queues without a waiting request set no timer. May be called any number of times. */
export function restEmptyQueues(): void {
  RequestQueue.prototype.scheduleCheckPendingRequests = function (this: RequestQueue) {
    if (this.pending.length > 0) schedule.call(this);
  };
}
