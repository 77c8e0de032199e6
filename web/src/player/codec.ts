/** The browser's media source, or nothing on a browser that has none. Safari's managed one comes first. */
export function mediaSourceClass(): typeof MediaSource | undefined {
  const scope = globalThis as { ManagedMediaSource?: typeof MediaSource; MediaSource?: typeof MediaSource };
  return scope.ManagedMediaSource ?? scope.MediaSource;
}

export const canPlay = (codec: string) =>
  mediaSourceClass()?.isTypeSupported(`video/mp4; codecs="${codec}"`) ?? false;

const NAMES: [RegExp, string][] = [
  [/^(avc|h\.?264)/i, "H.264"],
  [/^(hvc|hev|h\.?265)/i, "H.265"],
  [/^av01|^av1/i, "AV1"],
];

/** What people call a codec: "avc1.640028" and "h264" are H.264. */
export const codecName = (codec: string) => NAMES.find(([pattern]) => pattern.test(codec))?.[1] ?? codec;

/** Why there is no picture, and what would help, in one sentence. */
export const cannotPlay = (codec: string, hasOtherStream: boolean) =>
  codecName(codec) === "H.265"
    ? `This browser cannot play H.265; ${
        hasOtherStream ? "neither stream is in another codec" : "give the camera an H.264 sub stream"
      }, or watch in a browser with a hardware decoder. Recording is not affected.`
    : `This browser cannot play ${codecName(codec)}. Recording is not affected.`;
