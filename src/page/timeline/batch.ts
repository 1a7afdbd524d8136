/** Rectangles by colour, filled colour by colour; those of a row that touch become one. */

interface Fill {
  readonly style: string | CanvasPattern;
  /** x, y, width, height, again and again. */
  readonly boxes: number[];
}

export class Batch {
  readonly #fills = new Map<string | CanvasPattern, Fill>();

  /** Boxes of one style come in the order of x, row by row. */
  add(style: string | CanvasPattern, x: number, y: number, width: number, height: number): void {
    let fill = this.#fills.get(style);
    if (fill === undefined) {
      fill = { style, boxes: [] };
      this.#fills.set(style, fill);
    }
    const { boxes } = fill;
    const last = boxes.length - 4;
    if (last >= 0 && boxes[last + 1] === y && boxes[last + 3] === height) {
      const right = (boxes[last] as number) + (boxes[last + 2] as number);
      // Only what leaves less than half a pixel between them.
      if (x <= right + 0.5 && x >= (boxes[last] as number)) {
        boxes[last + 2] = Math.max(right, x + width) - (boxes[last] as number);
        return;
      }
    }
    boxes.push(x, y, width, height);
  }

  fill(context: CanvasRenderingContext2D): void {
    for (const { style, boxes } of this.#fills.values()) {
      context.fillStyle = style;
      for (let at = 0; at < boxes.length; at += 4) {
        context.fillRect(
          boxes[at] as number,
          boxes[at + 1] as number,
          boxes[at + 2] as number,
          boxes[at + 3] as number,
        );
      }
    }
    this.#fills.clear();
  }
}
