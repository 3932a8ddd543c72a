// What icebergs hide, beside the records of resting orders: most orders are none and pay nothing.
const CAPACITY_MIN = 64;

export class Icebergs {
  private hidden = new Float64Array(CAPACITY_MIN);
  private display = new Float64Array(CAPACITY_MIN);
  private readonly freePlaces: number[] = [];
  private firstUnused = 1;

  /** Answers the place of a new iceberg that hides nothing yet; never 0. */
  add(displayLots: number): number {
    const place = this.freePlaces.pop() ?? this.takeUnused();
    this.hidden[place] = 0;
    this.display[place] = displayLots;
    return place;
  }

  remove(place: number): void {
    this.freePlaces.push(place);
  }

  hiddenOf(place: number): number {
    return this.hidden[place] as number;
  }

  displayOf(place: number): number {
    return this.display[place] as number;
  }

  setHidden(place: number, lots: number): void {
    this.hidden[place] = lots;
  }

  bytes(): number {
    return this.hidden.byteLength + this.display.byteLength;
  }

  private takeUnused(): number {
    if (this.firstUnused === this.hidden.length) {
      const hidden = new Float64Array(2 * this.hidden.length);
      const display = new Float64Array(2 * this.display.length);
      hidden.set(this.hidden);
      display.set(this.display);
      this.hidden = hidden;
      this.display = display;
    }
    this.firstUnused += 1;
    return this.firstUnused - 1;
  }
}
