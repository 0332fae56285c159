// Pictures of pages, each loaded once and ready to be painted; crops of them.

const loaded = new Map();
/** Pictures that are kept: those of the claim on the desk and of the next. */
const MOST = 24;
/** Of the height of its box, what a crop shows beyond it. */
const MARGIN = 0.35;

/** Where the picture of a page is, with or without seals; empty where there is none. A page that was turned has
 *  another address. */
export const addressOf = (page, { isPeeled = false } = {}) => (isPeeled && page.peeled) || page.picture || "";

/** The picture at an address, decoded. @returns a promise of an `HTMLImageElement`. */
export function picture(address) {
  let promise = loaded.get(address);
  if (!promise) {
    const image = new Image();
    image.src = address;
    promise = image.decode().then(() => image);
    promise.catch(() => loaded.delete(address));
    loaded.set(address, promise);
    if (loaded.size > MOST) loaded.delete(loaded.keys().next().value);
  }
  return promise;
}

/** Draw what is in a box of a picture into a canvas of a fixed height.
 *  @param {number[]} box x0, y0, x1, y1 in fractions of the picture.
 *  @param {{height: number, width: number}} most CSS pixels that the canvas may take. */
export function drawCrop(canvas, image, box, { height, width }) {
  const [left, top, right, bottom] = [box[0] * image.naturalWidth, box[1] * image.naturalHeight, box[2] * image.naturalWidth, box[3] * image.naturalHeight];
  const margin = (bottom - top) * MARGIN;
  const x = Math.max(0, left - margin);
  const y = Math.max(0, top - margin);
  const w = Math.max(1, Math.min(image.naturalWidth, right + margin) - x);
  const h = Math.max(1, Math.min(image.naturalHeight, bottom + margin) - y);
  const scale = Math.min(height / h, width / w);
  const ratio = window.devicePixelRatio;
  canvas.width = Math.round(w * scale * ratio);
  canvas.height = Math.round(h * scale * ratio);
  canvas.style.width = `${w * scale}px`;
  canvas.style.height = `${h * scale}px`;
  const pen = canvas.getContext("2d");
  pen.imageSmoothingQuality = "high";
  pen.drawImage(image, x, y, w, h, 0, 0, canvas.width, canvas.height);
}
