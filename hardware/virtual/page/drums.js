// The nine drums, after the analogue machines: each hit builds its few nodes, and they end with it.
// Works in an AudioContext and in an OfflineAudioContext alike.

// Where each drum stands between the loudspeakers, -1 to 1.
const PANS = {
  kick: 0, snare: 0, closed_hat: 0.18, open_hat: 0.18, low_tom: 0.3, mid_tom: 0, high_tom: -0.3,
  clap: -0.12, rim: -0.22,
};
// The six square waves of a TR-808's cymbal and hats, Hz (Werner, Abel, Smith: "The TR-808
// cymbal: a physically-informed, circuit-bendable, digital model", ICMC 2014).
const METAL_HZ = [205.3, 304.4, 369.6, 522.7, 540, 800];
// Pitch in Hz, decay in seconds, level.
const TOMS = { low_tom: [92, 0.16, 0.95], mid_tom: [132, 0.135, 0.85], high_tom: [184, 0.11, 0.7] };
// An exponential decay has fallen by 60 dB after this many time constants.
const T60 = 6.9;

// Velocity 1..127 to gain: ghost notes (about 40) lie 13 dB below the loudest, and are heard.
const gainOf = (velocity) => 0.04 + 0.96 * (velocity / 127) ** 1.5;

export class DrumKit {
  #context;
  #buses = {};
  #noise;
  #metal;
  #voices = new Set();
  #openHats = [];

  constructor(context, output) {
    this.#context = context;
    this.#noise = fill(context, 2, () => 2 * Math.random() - 1);
    this.#metal = fill(context, 2, (t) => {
      let sum = 0.5 * (2 * Math.random() - 1);
      for (const hz of METAL_HZ) sum += (t * hz) % 1 < 0.5 ? 1 : -1;
      return sum / (METAL_HZ.length + 0.5);
    });
    const master = softClip(context);
    master.output.connect(output);
    for (const [drum, pan] of Object.entries(PANS)) {
      const bus = new StereoPannerNode(context, { pan });
      bus.connect(master.input);
      this.#buses[drum] = bus;
    }
  }

  // when: seconds of the context's own clock.
  play(drum, velocity, when) {
    const bus = this.#buses[drum];
    if (bus === undefined) return;
    const gain = gainOf(velocity);
    const bright = velocity / 127;
    const voice = { when, sources: [], output: new GainNode(this.#context, { gain }) };
    voice.output.connect(bus);
    this.#build(drum, voice, bright);
    this.#voices.add(voice);
    let sounding = voice.sources.length;
    for (const source of voice.sources) {
      source.onended = () => {
        sounding -= 1;
        if (sounding > 0) return;
        voice.output.disconnect();
        this.#voices.delete(voice);
      };
    }
  }

  // Hits that have not begun.
  get waiting() {
    return [...this.#voices].filter((voice) => voice.when > this.#context.currentTime);
  }

  // Drop every hit that has not begun.
  cancel() {
    for (const voice of this.waiting) {
      voice.output.disconnect();
      for (const source of voice.sources) source.stop();
      this.#voices.delete(voice);
    }
  }

  #build(drum, voice, bright) {
    switch (drum) {
      case "kick":
        this.#tone(voice, { hz: 54, from: 240, sweep: 0.025, level: 1, decay: 0.15 });
        // Overtones, so that small loudspeakers have something to play.
        this.#tone(voice, {
          type: "triangle", hz: 108, from: 420, sweep: 0.02, level: 0.32, decay: 0.05,
        });
        this.#hiss(voice, { filter: "lowpass", hz: 3200, level: 0.6 * bright, decay: 0.006 });
        break;
      case "snare":
        this.#tone(voice, { hz: 182, from: 260, sweep: 0.015, level: 0.62, decay: 0.055 });
        this.#tone(voice, { hz: 331, from: 390, sweep: 0.015, level: 0.32, decay: 0.035 });
        this.#hiss(voice, {
          filter: "highpass", hz: 2300 - 900 * bright, level: 0.55, decay: 0.04 + 0.03 * bright,
        });
        break;
      case "closed_hat":
        this.#choke(voice.when);
        this.#metallic(voice, 1.3, 0.016 + 0.012 * bright);
        break;
      case "open_hat":
        this.#choke(voice.when);
        this.#openHats.push(voice);
        this.#metallic(voice, 1.05, 0.13);
        break;
      case "clap":
        this.#clap(voice);
        break;
      case "rim":
        this.#tone(voice, { type: "triangle", hz: 1667, level: 0.55, decay: 0.008 });
        this.#tone(voice, { type: "triangle", hz: 455, level: 0.6, decay: 0.012 });
        this.#hiss(voice, { filter: "bandpass", hz: 3200, level: 0.6, decay: 0.004 });
        break;
      default: {
        const [hz, decay, level] = TOMS[drum];
        this.#tone(voice, { hz, from: hz * 1.75, sweep: 0.03, level, decay });
        this.#hiss(voice, { filter: "lowpass", hz: hz * 8, level: 0.24, decay: 0.03 });
      }
    }
  }

  #tone(voice, { type = "sine", hz, from = hz, sweep = 0.01, level, decay }) {
    const source = new OscillatorNode(this.#context, { type, frequency: from });
    source.frequency.setValueAtTime(from, voice.when);
    source.frequency.setTargetAtTime(hz, voice.when, sweep);
    this.#sound(voice, source, [], level, decay);
  }

  #hiss(voice, { filter, hz, level, decay }) {
    const pass = new BiquadFilterNode(this.#context, { type: filter, frequency: hz });
    this.#sound(voice, this.#loop(this.#noise), [pass], level, decay);
  }

  #metallic(voice, level, decay) {
    const band = new BiquadFilterNode(this.#context, { type: "bandpass", frequency: 9200, Q: 0.6 });
    const pass = new BiquadFilterNode(this.#context, { type: "highpass", frequency: 6800 });
    this.#sound(voice, this.#loop(this.#metal), [band, pass], level * 2.4, decay);
  }

  // Several hands that do not meet: three short bursts, and the room after the fourth.
  #clap(voice) {
    const band = new BiquadFilterNode(this.#context, { type: "bandpass", frequency: 1250, Q: 1.1 });
    const gain = this.#sound(voice, this.#loop(this.#noise), [band], 1.7, 0.0045, 0.6);
    for (const after of [0.011, 0.021]) {
      gain.setValueAtTime(1.7, voice.when + after);
      gain.setTargetAtTime(0, voice.when + after, 0.0045);
    }
    gain.setValueAtTime(1.5, voice.when + 0.031);
    gain.setTargetAtTime(0, voice.when + 0.031, 0.06);
  }

  // A closed hat, or the next open one, ends an open hat that began before it.
  #choke(when) {
    for (const { when: began, output } of this.#openHats) {
      if (began < when) output.gain.setTargetAtTime(0, when, 0.006);
    }
    this.#openHats = this.#openHats.filter((hat) => hat.when + 1 > when);
  }

  #loop(buffer) {
    return new AudioBufferSourceNode(this.#context, { buffer, loop: true });
  }

  // source -> filters -> decaying gain -> voice; returns the gain's parameter.
  #sound(voice, source, filters, level, decay, seconds = decay * T60) {
    const envelope = new GainNode(this.#context, { gain: 0 });
    envelope.gain.setValueAtTime(level, voice.when);
    envelope.gain.setTargetAtTime(0, voice.when, decay);
    [source, ...filters, envelope, voice.output].reduce((from, to) => from.connect(to));
    if (source instanceof AudioBufferSourceNode) {
      // No two hits start in the same place of the noise.
      source.start(voice.when, Math.random() * source.buffer.duration);
    } else {
      source.start(voice.when);
    }
    source.stop(voice.when + seconds);
    voice.sources.push(source);
    return envelope.gain;
  }
}

// hits: [{drum, velocity, when}]; resolves to the AudioBuffer of that many seconds.
export function renderHits(hits, seconds, sampleRate = 44100) {
  const context = new OfflineAudioContext(2, Math.ceil(seconds * sampleRate), sampleRate);
  const kit = new DrumKit(context, context.destination);
  for (const { drum, velocity, when } of hits) kit.play(drum, velocity, when);
  return context.startRendering();
}

function fill(context, seconds, sample) {
  const buffer = new AudioBuffer({
    length: seconds * context.sampleRate, sampleRate: context.sampleRate,
  });
  const data = buffer.getChannelData(0);
  for (let i = 0; i < data.length; i++) data[i] = sample(i / context.sampleRate);
  return buffer;
}

// Straight up to 0.6 of full scale, then bending towards 0.98, which all nine drums at once only
// approach: loud patterns grow denser instead of crackling.
function softClip(context) {
  const RANGE = 4;
  const KNEE = 0.6;
  const curve = Float32Array.from({ length: 4097 }, (_, i) => {
    const x = (i / 2048 - 1) * RANGE;
    const over = Math.abs(x) - KNEE;
    if (over <= 0) return x;
    return Math.sign(x) * (KNEE + (0.98 - KNEE) * Math.tanh(over / (0.98 - KNEE)));
  });
  const input = new GainNode(context, { gain: 1 / RANGE });
  const output = new WaveShaperNode(context, { curve });
  input.connect(output);
  return { input, output };
}
