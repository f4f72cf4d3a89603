/** What the demo says holds, and whether it did: the exit code comes from here. */
export class Claims {
  private readonly broken: string[] = [];

  /** Notes a claim and gives it back, for the figure that shows it. */
  check(claim: string, holds: boolean): boolean {
    if (!holds) this.broken.push(claim);
    return holds;
  }

  get failures(): readonly string[] {
    return this.broken;
  }
}
