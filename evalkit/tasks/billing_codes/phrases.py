"""How clinicians write that a procedure was done: paraphrase banks, one a procedure.

The banks are written without a spec at hand. ``usual`` is how most notes put it. ``rare`` is how a few do: words that
a spec may not have as a cue, or that hold a word which stops billing elsewhere ("as planned"). A test measures how
far the banks and the cues of the shipped specs overlap, and that they are not the same.

Slots: ``{side}`` left, right, bilateral; ``{site}`` knee; ``{place}`` the left knee, both knees; ``{things}`` two
lesions; ``{minutes}``; ``{spot}`` a place on the body whose side is on no claim. A sentence ends with a full stop, and
no two sentences of all banks can be read as one another.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Wording:
    """The bank of one procedure."""

    nouns: tuple[str, ...]
    """What it is called where it was not done."""
    usual: tuple[str, ...]
    rare: tuple[str, ...]
    thing: tuple[str, str] = ("", "")
    """(one, several) of what is counted."""


WORDINGS: dict[str, Wording] = {
    "skin biopsy": Wording(
        nouns=("shave biopsy", "tangential biopsy", "tangential skin biopsy of the {spot}"),
        usual=(
            "Shave biopsy of {things} on the {spot} performed under local anesthesia.",
            "After 2 mL of 1 percent lidocaine, shave biopsy of {things} from the {spot}.",
            "Tangential biopsy of {things} on the {spot}; aluminum chloride for hemostasis.",
            "Performed a shave biopsy of {things}, {spot}, specimen to pathology.",
            "Tangential skin biopsy of {things} taken from the {spot}.",
            "With a flexible blade, shave biopsy of {things} on the {spot} was completed.",
            "The {spot} was cleaned and a tangential biopsy of {things} obtained.",
            "Shave biopsy, {things}, {spot}, tolerated well.",
        ),
        rare=(
            "Tissue from {things} on the {spot} was sampled flush with the skin.",
            "Saucerized {things} on the {spot} and sent them to pathology.",
            "A thin slice of {things} at the {spot} was taken for the pathologist.",
            "Shaved {things} off the {spot} level with the skin.",
        ),
        thing=("lesion", "lesions"),
    ),
    "skin tag removal": Wording(
        nouns=("skin tag removal", "removal of skin tags at the {spot}"),
        usual=(
            "Skin tags removed from the {spot} with scissors.",
            "Skin tag removal at the {spot} with fine scissors, no bleeding.",
            "Irritated skin tags removed from the {spot} by snip excision.",
            "Performed skin tag removal on the {spot}.",
            "After cleaning with alcohol, skin tags removed at the {spot}.",
            "Acrochordon removal at the {spot} with forceps and scissors.",
            "The {spot} was prepared and skin tag removal completed.",
            "Acrochordon removal, {spot}, hemostasis with pressure.",
        ),
        rare=(
            "Pedunculated papules at the {spot} snipped at the base.",
            "Fibroepithelial polyps of the {spot} taken off with scissors.",
            "Clipped the small growths at the {spot}.",
            "Little fleshy stalks of the {spot} cut flush.",
        ),
    ),
    "lesion destruction": Wording(
        nouns=("liquid nitrogen to the {spot}", "cryotherapy to actinic keratoses", "liquid nitrogen treatment"),
        usual=(
            "Liquid nitrogen applied to {things} on the {spot}, two freeze cycles each.",
            "Cryotherapy to actinic keratoses of the {spot}, {things} in all.",
            "Treated {things} of the {spot} with liquid nitrogen for 8 seconds.",
            "Liquid nitrogen to {things}, {spot}, with a 2 mm rim of frost.",
            "Performed cryotherapy to actinic damage of the {spot}: {things}.",
            "With a cryogun, liquid nitrogen was sprayed on {things} of the {spot}.",
            "After consent, liquid nitrogen to {things} on the {spot}.",
            "Actinic keratoses treated with cryotherapy, {things}, {spot}.",
        ),
        rare=(
            "Froze {things} on the {spot} until a white halo formed.",
            "Electrodesiccated {things} on the {spot} down to healthy skin.",
            "Burned {things} of the {spot} with the hyfrecator.",
            "Iced {things} on the {spot} with the probe.",
        ),
        thing=("keratosis", "keratoses"),
    ),
    "abscess drainage": Wording(
        nouns=("incision and drainage of the abscess", "abscess drainage"),
        usual=(
            "Incision and drainage of a simple abscess on the {spot}, 5 mL of pus expressed.",
            "Abscess drained at the {spot} through a 1 cm incision.",
            "Performed incision and drainage of the {spot} abscess and packed the cavity.",
            "Abscess drainage, {spot}, loculations broken up.",
            "After a field block, incision and drainage of the abscess on the {spot}.",
            "The {spot} abscess drained and irrigated with saline.",
            "Simple abscess drained, {spot}, wick left in place.",
            "Incision and drainage of the fluctuant area at the {spot}, culture sent.",
        ),
        rare=(
            "The boil on the {spot} was lanced and packed.",
            "Opened the fluctuant swelling of the {spot} with a blade and let the pus out.",
            "Pus let out of the {spot} through a stab.",
            "Unroofed the pocket at the {spot} and rinsed it.",
        ),
    ),
    "wound repair": Wording(
        nouns=("laceration repair", "laceration repair at the {spot}"),
        usual=(
            "Laceration repaired at the {spot} with nylon sutures, 2 cm.",
            "Simple laceration repair of the {spot}, edges well approximated.",
            "Wound closed with interrupted sutures at the {spot}.",
            "Performed laceration repair on the {spot} under local anesthesia.",
            "The {spot} wound closed with 5 mm bites of nylon.",
            "After irrigation, laceration repaired at the {spot} in one layer.",
            "Laceration repair, {spot}, 3 cm, simple.",
            "Wound closed with tissue adhesive at the {spot}.",
        ),
        rare=(
            "Stitched the cut on the {spot} with fine nylon.",
            "The gash on the {spot} was sewn in one layer.",
            "Three stitches put into the {spot}.",
            "Edges of the {spot} brought together with glue strips.",
        ),
    ),
    "hearing screen": Wording(
        nouns=("hearing screen", "pure tone screen"),
        usual=(
            "Hearing screen completed in both ears, passed at 25 dB.",
            "Pure tone screen of the left and right ear, passed.",
            "Hearing screen done, both ears, refer on the right side.",
            "Audiometric screen in both ears within limits.",
            "Pure tone screen completed bilaterally at 20 dB.",
            "Performed a hearing screen of both ears in the booth.",
            "Audiometric screen, both ears, repeat not needed.",
            "Hearing screen: left ear pass, right ear pass.",
        ),
        rare=(
            "Both ears were checked with the handheld audiometer, tones heard throughout.",
            "Whisper and tone testing of both ears done in the booth, normal.",
            "Both ears heard all tones at the desk device.",
            "Play audiometry of both ears went well.",
        ),
    ),
    "eye pressure": Wording(
        nouns=("tonometry", "eye pressure check"),
        usual=(
            "Tonometry of both eyes, 14 mmHg and 15 mmHg.",
            "Eye pressure measured in both eyes by applanation.",
            "Tonometry completed in the left and right eye.",
            "Eye pressure check done in both eyes, within range.",
            "Performed tonometry of both eyes after topical drops.",
            "Tonometry, both eyes, 16 mmHg on either side.",
            "Eye pressure measured bilaterally with the tonometer.",
            "After fluorescein, tonometry of both eyes was completed.",
        ),
        rare=(
            "Intraocular tension read off in both eyes, normal.",
            "Applanation of both eyes gave 15 mmHg.",
            "Both eyes soft by the rebound device.",
            "Pressure of both eyes taken with the puff, normal.",
        ),
    ),
    "large joint injection": Wording(
        nouns=("{side} {site} injection", "intra-articular injection of {place}"),
        usual=(
            "{side} {site} injection performed with 40 mg triamcinolone.",
            "Intra-articular injection of {place} with 4 mL of lidocaine and 40 mg of methylprednisolone.",
            "Arthrocentesis of {place}, 20 mL of straw-colored fluid, steroid instilled.",
            "After sterile preparation, {side} {site} injection completed without difficulty.",
            "Performed {side} {site} injection through the lateral approach.",
            "With the joint line palpated, intra-articular injection of {place}.",
            "Arthrocentesis of {place} with a 22 gauge needle, then 1 mL of steroid.",
            "{side} {site} injection given, post-procedure range of motion improved.",
        ),
        rare=(
            "Steroid was placed into {place} through the superolateral portal.",
            "Tapped and medicated {place} in one pass.",
            "Cortisone went into {place} from the side.",
            "Needle into {place}, fluid off and steroid in.",
        ),
    ),
    "wrist tunnel injection": Wording(
        nouns=("{side} carpal tunnel injection", "carpal tunnel injection of {place}"),
        usual=(
            "{side} carpal tunnel injection with 20 mg of methylprednisolone.",
            "Carpal tunnel injection of {place} performed ulnar to the tendon.",
            "Median nerve injection at {place} with 1 mL of lidocaine.",
            "Performed {side} carpal tunnel injection after skin preparation.",
            "After marking the crease, carpal tunnel injection of {place}.",
            "{side} carpal tunnel injection tolerated well, no paresthesia.",
            "Median nerve injection at {place}, 25 gauge needle, no complication.",
            "Carpal tunnel injection completed at {place}.",
        ),
        rare=(
            "Steroid placed beside the median nerve of {place}.",
            "{side} carpal canal infiltrated with steroid.",
            "Cortisone put under the retinaculum of {place}.",
            "Steroid deposited in the canal of {place}.",
        ),
    ),
    "heel injection": Wording(
        nouns=("{side} heel injection", "plantar fascia injection of {place}"),
        usual=(
            "{side} heel injection with 20 mg of triamcinolone from the medial side.",
            "Plantar fascia injection of {place} performed.",
            "Performed {side} heel injection at the point of most tenderness.",
            "Plantar fascia injection at {place} with 1 mL of lidocaine.",
            "After cold spray, {side} heel injection completed.",
            "{side} plantar fascia injection, 25 gauge needle, tolerated well.",
            "Injected steroid: {side} plantar fascia injection.",
            "{side} heel injection given through a medial approach.",
        ),
        rare=(
            "Steroid deposited at the origin of the plantar band, {place}.",
            "Infiltrated {place} at the point of most tenderness.",
            "Cortisone to the sore spot of {place}.",
            "Needle to the fascia of {place}, steroid left there.",
        ),
    ),
    "ear wax removal": Wording(
        nouns=("cerumen disimpaction, {place}", "removal of impacted cerumen from {place}"),
        usual=(
            "Impacted cerumen removed from {place} with curette.",
            "Cerumen removed with curette and suction, {place}.",
            "Impacted cerumen removed, {place}, tympanic membrane then seen.",
            "Under the microscope, impacted cerumen removed from {place}.",
            "Cerumen removed with alligator forceps from {place}.",
            "Cerumen disimpaction of {place} by instrument.",
            "Performed cerumen disimpaction, {place}, canal intact.",
            "After softening drops, cerumen removed with a loop from {place}.",
        ),
        rare=(
            "A hard plug was lifted out of {place} with a loop.",
            "Cleared {place} of wax by hand.",
            "Dug hardened wax out of {place}.",
            "Suctioned the plug from {place}.",
        ),
    ),
    "therapeutic exercise": Wording(
        nouns=("therapeutic exercise", "strengthening exercise"),
        usual=(
            "Therapeutic exercise for core and hip strength, {minutes} minutes.",
            "{minutes} minutes of therapeutic exercise, one on one.",
            "Strengthening exercise of the lower limb, {minutes} minutes, with cues.",
            "Therapeutic exercise: {minutes} minutes, closed chain, good form.",
            "Spent {minutes} minutes on strengthening exercise with resistance bands.",
            "Completed {minutes} minutes of therapeutic exercise on the mat.",
            "Therapeutic exercise with pulleys for {minutes} minutes.",
            "Guided strengthening exercise for {minutes} minutes, rests as needed.",
        ),
        rare=(
            "Worked on quadriceps sets and bridges for {minutes} minutes.",
            "{minutes} minutes of stretching and resistance drills, one on one.",
            "Bridges, squats and step-ups for {minutes} minutes.",
            "{minutes} minutes of resisted drills with bands.",
        ),
    ),
    "manual therapy": Wording(
        nouns=("manual therapy", "soft tissue mobilization"),
        usual=(
            "Manual therapy to the lumbar spine, {minutes} minutes.",
            "{minutes} minutes of manual therapy, grade 3 glides.",
            "Soft tissue mobilization of the upper trapezius, {minutes} minutes.",
            "Manual therapy: {minutes} minutes, scapular glides.",
            "Completed {minutes} minutes of soft tissue mobilization.",
            "Joint mobilization of the ankle for {minutes} minutes.",
            "Manual therapy for {minutes} minutes, pain decreased.",
            "Spent {minutes} minutes on joint mobilization and traction by hand.",
        ),
        rare=(
            "Hands-on release of the paraspinals for {minutes} minutes.",
            "{minutes} minutes of myofascial work to the neck.",
            "Glides and stretches by hand, {minutes} minutes.",
            "{minutes} minutes of kneading and joint play.",
        ),
    ),
    "gait training": Wording(
        nouns=("gait training", "stair and gait training"),
        usual=(
            "Gait training with a cane for {minutes} minutes.",
            "{minutes} minutes of gait training on level ground.",
            "Gait training: {minutes} minutes, verbal cues for heel strike.",
            "Completed {minutes} minutes of gait training in the parallel bars.",
            "Stair and gait training for {minutes} minutes with rail.",
            "Gait training over obstacles, {minutes} minutes.",
            "Spent {minutes} minutes on gait training with a walker.",
            "Gait training, {minutes} minutes, step length improved.",
        ),
        rare=(
            "Practiced walking with a cane for {minutes} minutes.",
            "{minutes} minutes of ambulation drills along the hallway.",
            "Walked the hallway with cues for {minutes} minutes.",
            "{minutes} minutes of stepping over cones with a cane.",
        ),
    ),
    "nebulizer treatment": Wording(
        nouns=("nebulizer treatment", "nebulized albuterol"),
        usual=(
            "Nebulizer treatment given with 2.5 mg of albuterol.",
            "Nebulized albuterol given, wheeze cleared.",
            "One nebulizer treatment completed in the room.",
            "Nebulizer treatment, albuterol, good response.",
            "Performed nebulizer treatment by mask.",
            "Nebulized albuterol by mouthpiece, saturation 97 percent after.",
            "In-office nebulizer treatment tolerated well.",
            "After peak flow, nebulizer treatment was given.",
        ),
        rare=(
            "Albuterol by aerosol mask given in the room, wheeze cleared.",
            "Breathing treatment given by mask.",
            "Albuterol mist for ten breaths by mask.",
            "Inhaled bronchodilator by machine in the room.",
        ),
    ),
    "allergy tests": Wording(
        nouns=("percutaneous allergy tests", "allergy prick tests"),
        usual=(
            "Percutaneous allergy tests: {things} placed on the back.",
            "Prick tests placed on the forearm, {things} in all.",
            "Placed {things} as percutaneous allergy tests, read at 15 minutes.",
            "Allergy prick tests, {things}, read by the nurse.",
            "Performed percutaneous allergy tests with {things} and controls.",
            "{things} applied as prick tests on the back.",
            "Allergy prick tests with {things}, wheals measured in mm.",
            "After antihistamine washout, percutaneous allergy tests with {things}.",
        ),
        rare=(
            "Scratch panel of {things} on the back, read by the nurse.",
            "Skin was pricked with {things} and the wheals measured.",
            "{things} dropped and scratched on the forearm.",
            "Panel with {things} read after a quarter of an hour.",
        ),
        thing=("allergen", "allergens"),
    ),
    "muscle knot injection": Wording(
        nouns=("trigger point injection", "trigger point injection to the trapezius"),
        usual=(
            "Trigger point injection to the trapezius with 1 percent lidocaine.",
            "Trigger points injected in the gluteus medius, twitch response seen.",
            "Performed trigger point injection, rhomboid, 25 gauge needle.",
            "After palpation of taut bands, trigger point injection was completed.",
            "Trigger point injection with 3 mL of bupivacaine, levator scapulae.",
            "Paraspinal trigger points injected with lidocaine.",
            "Trigger point injection given, muscle relaxed at once.",
            "Taut band found and trigger point injection done.",
        ),
        rare=(
            "Needled the taut bands of the trapezius with lidocaine.",
            "The muscle knot of the trapezius was infiltrated with anesthetic.",
            "Dry knot of the levator needled and numbed.",
            "Lidocaine put into the sore knot of the shoulder blade.",
        ),
    ),
    "nail debridement": Wording(
        nouns=("nail debridement", "a round of nail debridement"),
        usual=(
            "Nail debridement of {things} with a rotary burr.",
            "Mycotic nails debrided, {things}, by nipper.",
            "Performed nail debridement, {things}, without bleeding.",
            "Nail debridement: {things} reduced in thickness.",
            "Thick nails debrided with nipper and burr, {things}.",
            "After soaking, nail debridement of {things} was completed.",
            "Dystrophic nails debrided, {things} in all.",
            "Nail debridement, {things}, tolerated well.",
        ),
        rare=(
            "Ground down {things} with the burr until thin.",
            "{things} thinned and shortened by nipper.",
            "Filed and cut {things} down to the bed.",
            "Reduced {things} with the grinder.",
        ),
        thing=("nail", "nails"),
    ),
}
