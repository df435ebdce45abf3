"""How a visit is talked about, and how clinicians write it up: paraphrase banks, written without a spec at hand.

An exchange is a tuple of turns, ``d:`` by the doctor, ``p:`` by the patient, ``g:`` by somebody with them; together
they tell one fact. The talk has the looks of a transcript: small letters, commas apart, no capitals.

Slots: ``{p}`` a problem with its side, ``{whom}`` a relative, ``{drug}``, ``{dose}`` number and unit, ``{often}``,
``{route}``, ``{name}`` what is measured or ordered, ``{value}`` as it is said, ``{when}`` when to come back.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

Exchange = tuple[str, ...]

TALK: Final[Mapping[str, tuple[Exchange, ...]]] = {
    "complaint": (
        ("d:so what brings you in today ?", "p:well , i've had {p} for a while now"),
        ("d:what can i do for you ?", "p:it's mostly the {p} , it won't go away"),
        ("d:tell me what's been going on", "p:um , i've been having {p}"),
        ("p:and then there's the {p} , i mean , that's really the thing that gets to me",),
        ("d:anything else ?", "p:yeah , some {p} too"),
        ("d:okay and how long has the {p} been there ?", "p:oh , since about the summer"),
        ("p:i noticed {p} after the weekend , and it's still there", "d:okay , we'll look at that"),
        ("d:i see here you mentioned {p} to the front desk", "p:that's right"),
    ),
    "denied": (
        ("d:any {p} ?", "p:no"),
        ("d:have you had any {p} at all ?", "p:no , nothing like that"),
        ("d:and no {p} ?", "p:nope"),
        ("d:{p} ?", "p:no , not really , no"),
        ("d:what about {p} ?", "p:hmm no , i haven't"),
        ("p:i haven't had any {p} , if that's what you're asking",),
        ("d:are you getting any {p} with it ?", "p:uh no"),
    ),
    "admitted": (
        ("p:actually , now that i think of it , i have had some {p}", "d:okay , i'm glad you said that"),
        ("p:you know , i said no before but i do get {p} sometimes", "d:alright , good to know"),
        ("p:well , to be honest , there was {p} last week", "d:okay , so that is a yes"),
    ),
    "chronic": (
        ("d:and your {p} , how's that doing ?", "p:about the same , i guess"),
        ("d:you have {p} as well , right ?", "p:yes , for years"),
        ("p:i've got {p} , you know that", "d:yes , it's in your chart"),
        ("d:how are we doing with the {p} ?", "p:i think it's okay"),
        ("d:so the {p} was diagnosed a few years back ?", "p:yeah , that's right"),
    ),
    "family": (
        ("d:does anything run in the family ?", "p:my {whom} had {p}"),
        ("p:my {whom} had {p} , so i worry about that", "d:sure , that makes sense"),
        ("d:any {p} in your family ?", "p:yes , my {whom}"),
        ("d:who was it that had {p} ?", "p:that was my {whom}"),
    ),
    "allergy": (
        ("d:any allergies to medicines ?", "p:{name} , i'm allergic to that"),
        ("d:and you're still allergic to {name} ?", "p:yes , i break out in hives"),
        ("p:i can't have {name} , i had a bad reaction to {name} once",),
    ),
    "habit affirmed": (
        ("d:and {name} ?", "p:yeah , a bit , i know , i know"),
        ("d:are you still doing the {name} ?", "p:yes , i'm afraid so"),
    ),
    "habit negated": (
        ("d:any {name} ?", "p:no , none"),
        ("d:what about {name} ?", "p:not for me , no"),
    ),
    "drug continued": (
        ("d:you take {drug} , is that right ?", "p:yes , {dose} {often}", "d:okay , let's continue that"),
        ("p:i'm on {drug} {dose} {often}", "d:alright , i want you to keep taking it"),
        ("d:for that i'd like you to continue the {drug} {dose} {often}",),
        ("d:so let's stay on the {drug} , {dose} {often} , that's working",),
    ),
    "drug started": (
        ("d:i'm gonna start you on {drug} {dose} {often}", "p:okay"),
        ("d:let's begin with {drug} , {dose} , {often} , {route}", "p:sounds good"),
        ("d:i'm going to prescribe {drug} {dose} to take {often}",),
        ("d:we'll add {drug} {dose} {often} and see how that goes", "p:alright"),
    ),
    "drug increased": (
        ("d:i want to increase your {drug} to {dose} {often}", "p:okay , more of it then"),
        ("d:we're going to go up on the {drug} , to {dose} {often}",),
    ),
    "drug stopped": (
        ("d:i want you to stop the {drug} as of today", "p:okay , no more of that"),
        ("d:let's come off the {drug} , i don't think it's helping you", "p:fine with me"),
    ),
    "drug taken": (
        ("d:are you still taking the {drug} ?", "p:yes , every day"),
        ("p:i'm still taking {drug} , by the way", "d:okay , we'll come to that"),
    ),
    "drug wrong": (
        ("d:that would be {drug} {dose} {often}", "p:okay"),
        ("d:so {drug} , {dose} {often}", "p:mm-hmm"),
    ),
    "drug righted": (
        ("d:sorry , i said that wrong , the {drug} is {dose} {often} , that's what we {verb}", "p:got it"),
        ("d:wait , let me correct that , we {verb} {drug} at {dose} {often}", "p:okay , {dose}"),
    ),
    "side righted": (
        ("p:wait , did i say the other side ? it's {p}", "d:okay , so {p} , thank you"),
        ("d:let me just make sure , which side ?", "p:oh sorry , it's {p}"),
    ),
    "exam": (
        ("d:so your {name} today is {value}", "p:is that good ?"),
        ("d:let's see , {name} {value}",),
        ("d:i looked at the vitals , {name} was {value}", "p:okay"),
        ("d:{name} is {value} , just so you know",),
    ),
    "result": (
        ("d:your labs came back , the {name} is {value}", "p:what does that mean ?"),
        ("d:the {name} was {value} on your blood draw",),
        ("d:and the {name} came in at {value}", "p:huh"),
    ),
    "order": (
        ("d:i'm going to order {name} , okay ?", "p:yeah , sure"),
        ("d:i think we should get {name}", "p:if you think so"),
        ("d:let's go ahead with {name} to be safe", "p:alright"),
    ),
    "follow-up": (
        ("d:i want to see you back in {when}", "p:okay , i'll make an appointment"),
        ("d:let's follow up in {when}", "p:sounds good"),
        ("d:come back in {when} , or earlier if it gets worse",),
    ),
    "greeting": (
        ("d:good morning , {patient.name} , i'm {provider.name} , good to see you", "p:good morning , doctor"),
        ("d:hi {patient.name} , how are you ?", "p:hey doctor , i've been better"),
        ("d:hello there , you must be {patient.name}", "p:yes , hi {provider.name}"),
    ),
    "goodbye": (
        ("d:alright , take care then", "p:thank you , doctor"),
        ("d:okay , the front desk will get you set up", "p:thanks so much , bye"),
    ),
    "third person": (
        (
            "g:while we're here , i have {p} too , could that be the same thing ?",
            "d:let's talk about yours another day",
        ),
        ("g:i was the one with {p} last month , remember ?", "d:right , that was you , not your husband"),
    ),
    "aside": (
        ("p:don't write that down , but it's been bad at home since i lost my job", "d:okay , that stays between us"),
        ("p:off the record , my son and i don't talk any more", "d:i'm sorry to hear that"),
        ("p:between you and me , i took a few of my wife's sleeping pills", "d:okay , thank you for telling me"),
    ),
    "chat": (
        ("d:and how's the garden ?", "p:oh , lovely , we had so many tomatoes"),
        ("p:traffic was awful this morning", "d:yeah , they closed the bridge again"),
        ("d:did you watch the game ?", "p:i did , what a finish"),
        ("p:it's getting cold out there , isn't it", "d:it really is"),
        ("d:how are the kids ?", "p:growing up fast , all of them"),
        ("p:i like the new chairs in the waiting room", "d:i'll pass that on"),
        ("d:have a seat up here for me", "p:sure"),
        ("d:give me one second , the computer is slow", "p:no rush"),
        ("p:we went to the lake for the weekend", "d:oh nice , was it sunny ?", "p:mostly , yes"),
        ("d:deep breath for me", "p:okay", "d:and again"),
        ("d:does that make sense so far ?", "p:yes it does"),
        ("d:any questions for me ?", "p:no , i think that's all clear"),
        ("p:my sister says hello , by the way", "d:oh , tell her hi back"),
        ("d:you can put your shoes back on", "p:thanks"),
        ("p:is the cafeteria still open ?", "d:i think until four"),
        ("d:let me wash my hands real quick", "p:of course"),
    ),
}
"""What is told -> the exchanges that tell it."""

WRITTEN: Final[Mapping[str, tuple[str, ...]]] = {
    "complaint": ("Reports {p}.", "Complains of {p}.", "Presents with {p}.", "{p} noted by the patient."),
    "denied": ("Denies {p}.", "No {p}.", "Negative for {p}.", "Has not had {p}."),
    "chronic": ("History of {p}.", "Known {p}.", "{p}, chronic.", "Past medical history of {p}."),
    "family": ("{whom} had {p}.", "Family history: {p} in the {whom}.", "{p} in the patient's {whom}."),
    "allergy": ("Allergic to {name}.", "Allergy to {name}.", "Allergies: {name}."),
    "habit affirmed": ("Positive for {name}.", "{name}: yes."),
    "habit negated": ("No {name}.", "Denies {name}."),
    "drug continued": ("Continue {drug} {dose} {route} {often}.", "{drug} {dose} {route} {often}, continued."),
    "drug started": ("Start {drug} {dose} {route} {often}.", "Prescribed {drug} {dose} {route} {often}."),
    "drug increased": ("Increase {drug} to {dose} {route} {often}.",),
    "drug stopped": ("Stop {drug}.", "Discontinue {drug}."),
    "exam": ("{name} {value}.", "{name}: {value}.", "{name} is {value}."),
    "result": ("{name} {value}.", "{name} was {value}.", "{name}: {value}."),
    "order": ("Order {name}.", "{name} ordered.", "Will obtain {name}."),
    "follow-up": ("Follow up in {when}.", "Return in {when}.", "Recheck in {when}."),
}
"""What is told -> the sentences of a note that state it."""

HEADINGS: Final[Mapping[str, tuple[str, ...]]] = {
    "subjective": ("SUBJECTIVE", "HISTORY OF PRESENT ILLNESS", "HISTORY"),
    "objective exam": ("PHYSICAL EXAM", "EXAM", "VITALS AND EXAM"),
    "objective results": ("RESULTS", "LAB RESULTS", "LABS"),
    "assessment plan": ("ASSESSMENT AND PLAN", "PLAN", "IMPRESSION AND PLAN"),
}
"""Part of a note -> how clinicians head it."""
